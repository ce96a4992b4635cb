import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Writable } from "node:stream";
import { expect } from "chai";
import { type AnswerHead, OwnHead, SharedHead } from "#src/http/answer-head.js";
import { announceKeepAlive } from "#src/http/idle-watch.js";
import { sendWhole, takesJoined } from "#src/http/whole-answer.js";

/** What a socket is given, each write to the operating system for itself. */
class Pieces extends Writable {
  readonly written: string[] = [];

  onBytes: (bytes: Buffer) => void = () => {};

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.onBytes(chunk);
    this.written.push(chunk.toString());
    done();
  }

  override _writev(chunks: { readonly chunk: Buffer }[], done: () => void): void {
    for (const { chunk } of chunks) this._write(chunk, "", () => {});
    done();
  }

  /** Node's response asks its socket for it. */
  readonly _httpMessage = null;
}

function answering(request: Partial<IncomingMessage> = {}): { response: ServerResponse; pieces: Pieces } {
  const pieces = new Pieces();
  const message = { method: "GET", httpVersionMajor: 1, httpVersionMinor: 1, headers: {}, ...request };
  const response = new ServerResponse(message as IncomingMessage);
  response.strictContentLength = true;
  response.assignSocket(pieces as unknown as Socket);
  return { response, pieces };
}

function headFor(body: string | Uint8Array): OwnHead {
  const head = new OwnHead();
  head.set("Content-Length", String(Buffer.byteLength(body)));
  return head;
}

/** What is sent, piece by piece, without the date. */
function sent(
  body: string | Uint8Array,
  { response, pieces } = answering(),
  head: AnswerHead = headFor(body),
): readonly string[] {
  sendWhole(response, head, body);
  expect(response.writableEnded).to.equal(true);
  return pieces.written.filter((piece) => piece !== "").map((piece) => piece.replace(/Date: [^\r]+ GMT\r\n/, ""));
}

const section = (length: number): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\nConnection: keep-alive\r\n\r\n`;

describe("sendWhole", () => {
  it("sends a short text of ASCII as one piece with its header section", () => {
    expect(sent("body")).to.deep.equal([`${section(4)}body`]);
  });

  it("leaves what is no ASCII, no text, empty or long to node", () => {
    const long = "a".repeat(16 * 1024 + 1);
    for (const body of ["kühl", "🌊", Buffer.from("body"), "", long]) {
      const text = body.toString();
      expect(sent(body).join("")).to.equal(section(Buffer.byteLength(body)) + text);
    }
    expect(sent(Buffer.from("body"))).to.have.length(2);
  });

  it("sends the very bytes that node makes of the same head", () => {
    const heads: ((head: OwnHead, response: ServerResponse) => void)[] = [
      (head) => Object.assign(head, { status: 404 }),
      (head) => Object.assign(head, { status: 299 }),
      (head) => Object.assign(head, { status: 201, reason: "Made it" }),
      (head) => head.set("Set-Cookie", ["a=1", "b=2"]),
      (head) => head.set("date", "Thu, 26 Nov 2026 10:00:00 GMT"),
      (_, response) => (response.shouldKeepAlive = false),
      (_, response) => announceKeepAlive(response, 65_500),
      (_, response) => announceKeepAlive(response, 0),
    ];
    for (const prepare of heads) {
      const [ours, node] = ["ours", "node"].map((who) => {
        const answer = answering();
        const head = headFor("body");
        prepare(head, answer.response);
        if (who === "node") head.send(answer.response);
        const bytes = sent("body", answer, head).join("");
        const { statusCode, statusMessage } = answer.response;
        return { bytes, statusCode, statusMessage, isLast: Reflect.get(answer.response, "_last") as boolean };
      });
      expect(ours).to.deep.equal(node);
    }
  });

  it("sends fields as Latin-1, as node does before a body of bytes", () => {
    for (const body of ["body", Buffer.from("body")]) {
      const head = headFor(body);
      head.set("X-Name", "caf\u00e9");
      const answer = answering();
      const whole: Buffer[] = [];
      answer.pieces.onBytes = (bytes) => whole.push(bytes);
      sent(body, answer, head);
      expect(Buffer.concat(whole).toString("latin1")).to.include("X-Name: caf\u00e9\r\n");
    }
  });

  it("sends the rest alone when the header section is out", () => {
    const { response, pieces } = answering();
    response.writeHead(200, ["Content-Length", "6"]);
    response.write("one");
    sendWhole(response, headFor("onetwo"), "two");
    expect(pieces.written.join("")).to.match(/\r\n\r\nonetwo$/);
  });

  it("leaves an answer to node that others write to as well", () => {
    const { response, pieces } = answering();
    const shared = new SharedHead(response, headFor("body"));
    response.setHeader("X-Other", "set by another");
    expect(sent("body", { response, pieces }, shared).join("")).to.include("X-Other: set by another\r\n");
  });

  it("leaves an answer to node whose response others have touched", () => {
    const answer = answering();
    answer.response.setHeader("X-Trace", "1");
    expect(sent("body", answer).join("")).to.include("X-Trace: 1\r\n");
    const wrapped = answering();
    const { writeHead } = wrapped.response;
    let calls = 0;
    wrapped.response.writeHead = function counted(this: ServerResponse, ...args: unknown[]) {
      calls += 1;
      return Reflect.apply(writeHead, this, args) as ServerResponse;
    };
    expect(sent("body", wrapped).join("")).to.equal(`${section(4)}body`);
    expect(calls).to.equal(1);
  });

  it("has node close behind a request that waits for its 100", () => {
    const answer = answering({ headers: { expect: "100-continue" } });
    Reflect.set(answer.response, "_expect_continue", true);
    expect(sent("body", answer).join("")).to.include("Connection: close\r\n");
  });

  it("still has node refuse a body of another length than announced", () => {
    const { response } = answering();
    response.writeHead(200, ["Content-Length", "5"]);
    expect(() => sendWhole(response, headFor("four"), Buffer.from("four"))).to.throw("content-length");
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
