import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Writable } from "node:stream";
import { expect } from "chai";
import { endWhole, takesJoined } from "#src/http/whole-answer.js";

/** What a socket is given, each write to the operating system for itself. */
class Pieces extends Writable {
  readonly written: string[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk.toString());
    done();
  }

  override _writev(chunks: { readonly chunk: Buffer }[], done: () => void): void {
    this.written.push(...chunks.map(({ chunk }) => chunk.toString()));
    done();
  }

  /** Node's response asks its socket for it. */
  readonly _httpMessage = null;
}

function answering(): { readonly response: ServerResponse; readonly pieces: Pieces } {
  const pieces = new Pieces();
  const response = new ServerResponse({ method: "GET", httpVersionMajor: 1, httpVersionMinor: 1 } as IncomingMessage);
  response.sendDate = false;
  response.strictContentLength = true;
  response.assignSocket(pieces as unknown as Socket);
  return { response, pieces };
}

function sent(body: string | Uint8Array): readonly string[] {
  const { response, pieces } = answering();
  response.writeHead(200, ["Content-Length", String(Buffer.byteLength(body))]);
  endWhole(response, body);
  expect(response.writableEnded).to.equal(true);
  return pieces.written.filter((piece) => piece !== "");
}

const head = (length: number): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\nConnection: keep-alive\r\n\r\n`;

describe("endWhole", () => {
  it("sends a short text of ASCII as one piece with its header section", () => {
    expect(sent("body")).to.deep.equal([`${head(4)}body`]);
  });

  it("leaves what is no ASCII, no text, empty or long to node", () => {
    const long = "a".repeat(16 * 1024 + 1);
    for (const body of ["kühl", "🌊", Buffer.from("body"), "", long]) {
      const text = body.toString();
      expect(sent(body).join("")).to.equal(head(Buffer.byteLength(body)) + text);
    }
    expect(sent(Buffer.from("body"))).to.have.length(2);
  });

  it("sends the rest alone when the header section is out", () => {
    const { response, pieces } = answering();
    response.writeHead(200, ["Content-Length", "6"]);
    response.write("one");
    endWhole(response, "two");
    expect(pieces.written.join("")).to.equal(`${head(6)}onetwo`);
  });

  it("leaves an answer to node whose header section is not made yet", () => {
    const { response, pieces } = answering();
    response.setHeader("Content-Length", "4");
    endWhole(response, "body");
    expect(pieces.written.join("")).to.equal(`${head(4)}body`);
  });

  it("still has node refuse a body of another length than announced", () => {
    const { response } = answering();
    response.writeHead(200, ["Content-Length", "5"]);
    expect(() => endWhole(response, Buffer.from("four"))).to.throw("content-length");
  });
});

describe("takesJoined", () => {
  const request = { method: "GET", httpVersionMajor: 1 } as IncomingMessage;

  it("is true of this Node", () => {
    expect(takesJoined(new ServerResponse(request))).to.equal(true);
  });

  it("is false of one that keeps its header section elsewhere, or sends more", () => {
    class Elsewhere extends ServerResponse {
      override end(): this {
        Reflect.set(this, "_header", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
        return super.end();
      }
    }
    class More extends ServerResponse {
      override end(): this {
        super.end();
        (Reflect.get(this, "outputData") as unknown[]).push({ data: "more" });
        return this;
      }
    }
    class Hidden extends ServerResponse {
      override end(): this {
        super.end();
        Reflect.set(this, "outputData", undefined);
        return this;
      }
    }
    for (const Response of [Elsewhere, More, Hidden]) expect(takesJoined(new Response(request))).to.equal(false);
  });
});
