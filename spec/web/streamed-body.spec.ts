import { createHash, randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setImmediate as turn } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import {
  Authenticated,
  ClientClosedError,
  ConfigurationError,
  HTTPError,
  type Outcome,
  RequestHandler,
  StreamRequestBody,
  route,
} from "waterspout";
import { expectLog, logged, untilLogged } from "../support/log.js";
import { parseAnswer } from "../support/raw-client.js";
import { serve } from "../support/serve.js";
import { until } from "../support/until.js";

let calls: string[] = [];

/** Counts what it gets. */
@StreamRequestBody()
class Counting extends RequestHandler {
  #size = 0;
  override prepare(): unknown {
    calls.push(`prepare ${this.request.body.length}`);
    return undefined;
  }
  override dataReceived(chunk: Buffer): void | Promise<void> {
    if (this.#size === 0) calls.push("dataReceived");
    this.#size += chunk.length;
  }
  post(): string {
    calls.push("post");
    return `${this.#size} bytes`;
  }
  get(): string {
    return "get";
  }
  override onConnectionClose(): void {
    calls.push("onConnectionClose");
  }
  override onFinish(outcome: Outcome): void {
    calls.push(`onFinish ${outcome}`);
  }
}

@StreamRequestBody()
class Hashing extends RequestHandler {
  async post(): Promise<string> {
    const hash = createHash("sha1");
    for await (const chunk of this.bodyStream()) {
      hash.update(chunk);
      await turn();
    }
    return hash.digest("hex");
  }
}

const head = (length: number, ...fields: readonly string[]): string =>
  ["POST / HTTP/1.1", "Host: x", `Content-Length: ${length}`, ...fields, "", ""].join("\r\n");
const next = "GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

describe("@StreamRequestBody", () => {
  const megabyte = Buffer.alloc(1024 * 1024, "abcdefg");
  const limits = { bodyLimit: 8 * 1024 * 1024 };

  beforeEach(() => {
    calls = [];
  });

  describe("with dataReceived", () => {
    it("prepares, receives the body, then runs the verb", async () => {
      await using app = await serve([route("/", Counting)], limits);
      const answer = await app.fetch("/", { method: "POST", body: megabyte });
      expect(await answer.text()).to.equal(`${megabyte.length} bytes`);
      expect(calls).to.deep.equal(["prepare 0", "dataReceived", "post", "onFinish completed"]);
      expect(await app.text("/")).to.equal("get");
      expect(await app.text("/", { method: "POST" })).to.equal("0 bytes");
    });

    it("receives what was compressed as it was before, and counts that", async () => {
      expectLog(/413 POST .*: a body of more than 8388608 bytes$/);
      await using app = await serve([route("/", Counting)], limits);
      const send = (body: Buffer): Promise<Response> =>
        app.fetch("/", { method: "POST", body: gzipSync(body), headers: { "Content-Encoding": "gzip" } });
      expect(await (await send(megabyte)).text()).to.equal(`${megabyte.length} bytes`);
      expect((await send(Buffer.alloc(9 * 1024 * 1024))).status).to.equal(413);
      expect(calls.at(-1)).to.equal("onFinish error");
    });

    it("holds the client back while it is busy, and gets one chunk at a time", async () => {
      let release: (() => void) | undefined;
      let busy = 0;
      let received = 0;
      let entered: (() => void) | undefined;
      @StreamRequestBody()
      class Busy extends RequestHandler {
        #most = 0;
        override async dataReceived(chunk: Buffer): Promise<void> {
          busy += 1;
          this.#most = Math.max(this.#most, busy);
          received += chunk.length;
          entered?.();
          if (release === undefined) await new Promise<void>((resolve) => (release = resolve));
          else await turn();
          busy -= 1;
        }
        post(): string {
          return `most ${this.#most} at once, ${received} bytes`;
        }
      }
      const entering = new Promise<void>((enter) => (entered = enter));
      await using app = await serve([route("/", Busy)], limits);
      const client = app.connect();
      client.send(head(8 * megabyte.length, "Connection: close"));
      for (let i = 0; i < 8; i++) client.send(megabyte);
      await entering;
      for (let i = 0; i < 1_000; i++) await turn();
      expect([busy, received <= 65_536]).to.deep.equal([1, true]);
      release?.();
      expect(await client.end()).to.match(/most 1 at once, 8388608 bytes$/);
    });

    it("ends the request with what is thrown, and the connection goes on when the rest is short", async () => {
      class Refusing extends Counting {
        override dataReceived(): void {
          throw new HTTPError(422, "not a picture");
        }
      }
      expectLog(/422 POST .*: not a picture$/);
      await using app = await serve([route("/", Refusing)], limits);
      const client = app.connect().send(head(200_000)).send(Buffer.alloc(100_000));
      await client.until(/422 /);
      expect(await client.send(Buffer.alloc(100_000)).send(next).end()).to.match(/422 [^]*served$/);
      expect(calls).to.deep.equal(["prepare 0", "onFinish error"]);
    });

    for (const [where, early] of [
      ["at once", (handler: RequestHandler): void => void handler.finish("early")],
      [
        "later",
        async (handler: RequestHandler): Promise<void> => {
          await turn();
          void handler.finish("early");
        },
      ],
    ] as const) {
      it(`may answer before the end, ${where}: then the rest is thrown away and the verb does not run`, async () => {
        let received = 0;
        class Early extends Counting {
          override dataReceived(): void | Promise<void> {
            received += 1;
            return early(this);
          }
        }
        await using app = await serve([route("/", Early)], limits);
        const client = app.connect().send(head(200_000)).send(Buffer.alloc(100_000));
        await client.until(/early/);
        expect(await client.send(Buffer.alloc(100_000)).send(next).end()).to.match(/early[^]*served$/);
        expect(received).to.equal(1);
        expect(calls).to.deep.equal(["prepare 0", "onFinish completed"]);
      });
    }

    it("is not the place where an error can hide behind an answer", async () => {
      class Buggy extends Counting {
        override dataReceived(): void {
          void this.finish("early");
          throw new TypeError("a bug");
        }
      }
      expectLog(/Uncaught exception POST[^]*TypeError: a bug/);
      await using app = await serve([route("/", Buggy)], limits);
      expect(await app.text("/", { method: "POST", body: "x" })).to.equal("early");
      expect(calls.at(-1)).to.equal("onFinish error");
    });

    it("gets nothing any more once somebody else has answered", async () => {
      let received = 0;
      class Elsewhere extends Counting {
        override dataReceived(): void {
          received += 1;
          setImmediate(() => void this.finish("early"));
        }
      }
      await using app = await serve([route("/", Elsewhere)], limits);
      const client = app.connect().send(head(20)).send("0123456789");
      await client.until(/early/);
      expect(await client.send("0123456789").send(next).end()).to.match(/early[^]*served$/);
      expect(received).to.equal(1);
    });

    it("is told when the client leaves in the middle: never the verb", async () => {
      await using app = await serve([route("/", Counting)], limits);
      const client = app.connect().send(head(200_000)).send(Buffer.alloc(1_000));
      await until(() => calls.includes("dataReceived"));
      client.socket.resetAndDestroy();
      await untilLogged(/499 POST/);
      expect(calls).to.deep.equal(["prepare 0", "dataReceived", "onConnectionClose", "onFinish clientClosed"]);
      expect(logged()).to.have.length(1);
    });

    it("gets nothing any more when the route's time is up", async () => {
      let received = 0;
      class Slow extends Counting {
        override async dataReceived(): Promise<void> {
          received += 1;
          await new Promise((resolve) => this.signal.addEventListener("abort", resolve));
          await turn();
        }
      }
      expectLog(/503 POST .*: no answer within 100 ms$/);
      await using app = await serve([route("/", Slow, undefined, { timeout: 100 })], limits);
      const client = app.connect().send(head(1_000_000)).send(Buffer.alloc(500_000));
      await client.until(/503 /);
      expect(await client.send(Buffer.alloc(500_000)).send(next).end()).to.match(/503 [^]*served$/);
      expect(received).to.equal(1);
      expect(calls).to.deep.equal(["prepare 0", "onFinish timeout"]);
    });

    it("does not keep the connection when it never ends, of a compressed body neither", async () => {
      class Hanging extends Counting {
        override dataReceived(): Promise<void> {
          return new Promise(() => {});
        }
      }
      expectLog(/503 POST .*: no answer within 100 ms$/);
      await using app = await serve([route("/", Hanging, undefined, { timeout: 100 })], limits);
      const bytes = gzipSync(randomBytes(400_000));
      const client = app.connect().send(head(bytes.length, "Content-Encoding: gzip")).send(bytes);
      await client.until(/503 /);
      expect(await client.send(next).end()).to.match(/503 [^]*served$/);
    });
  });

  describe("prepare", () => {
    class Guarded extends Counting {
      override prepare(): void {
        if (this.request.headers.get("authorization") === undefined) throw new HTTPError(401);
        this.setMaxBodySize(10);
        this.setBodyTimeout(50);
      }
    }

    it("refuses before anything is sent: no 100 Continue", async () => {
      expectLog(/401 POST/);
      await using app = await serve([route("/", Guarded)], limits);
      const client = app.connect().send(head(100, "Expect: 100-continue"));
      expect(parseAnswer(await client.end()).statusLine).to.equal("HTTP/1.1 401 Unauthorized");
    });

    it("is helped by @Authenticated: whoever is not logged in sends nothing", async () => {
      @Authenticated()
      class Members extends Counting {
        override getCurrentUser(): unknown {
          return this.request.headers.get("authorization");
        }
      }
      expectLog(/403 POST/);
      await using app = await serve([route("/", Members)], limits);
      const client = app.connect().send(head(10, "Expect: 100-continue"));
      expect(parseAnswer(await client.end()).statusLine).to.equal("HTTP/1.1 403 Forbidden");
      expect(calls).to.not.include("dataReceived");
      const sent = await app.fetch("/", { method: "POST", body: "x", headers: { Authorization: "x" } });
      expect(await sent.text()).to.equal("1 bytes");
    });

    it("may say how much of a body may come, and for how long", async () => {
      expectLog(/413 POST .*: a body of more than 10 bytes$/, /408 POST .*: no whole body within 50 ms$/);
      await using app = await serve([route("/", Guarded)], limits);
      const allowed = ["Authorization: x", "Expect: 100-continue", "Connection: close"];
      const client = app.connect().send(head(10, ...allowed));
      await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
      expect(await client.send("0123456789").end()).to.match(/10 bytes$/);
      expect(
        await app
          .connect()
          .send(head(11, ...allowed))
          .end(),
      ).to.match(/^HTTP\/1\.1 413 /);
      expect(
        await app
          .connect()
          .send(head(10, ...allowed))
          .end(),
      ).to.match(/^HTTP\/1\.1 100 [^]*HTTP\/1\.1 408 /);
    });

    it("may not say so too late, nor what is no limit", async () => {
      const errors: string[] = [];
      class Late extends RequestHandler {
        override initialize(): void {
          for (const wrong of [-1, NaN, 0.5]) attempt(() => this.setMaxBodySize(wrong));
        }
        post(): void {
          attempt(() => this.setMaxBodySize(1));
          attempt(() => this.setBodyTimeout(1));
        }
      }
      const attempt = (action: () => void): void => {
        try {
          action();
        } catch (error) {
          errors.push(`${(error as Error).name}: ${(error as Error).message}`);
        }
      };
      await using app = await serve([route("/", Late)]);
      await app.text("/", { method: "POST", body: "x" });
      expect(errors[0]).to.equal("ConfigurationError: setMaxBodySize() takes a whole number from 0, got -1");
      expect(errors.slice(3)).to.deep.equal([
        "RequestNotAvailableError: setMaxBodySize() after the reading of the body has begun: call it in initialize()",
        "RequestNotAvailableError: setBodyTimeout() after the reading of the body has begun: call it in initialize()",
      ]);
    });
  });

  describe("with bodyStream()", () => {
    const sha1 = (bytes: Uint8Array): string => createHash("sha1").update(bytes).digest("hex");

    it("gives the body chunk by chunk", async () => {
      await using app = await serve([route("/", Hashing)], limits);
      const bytes = Buffer.concat(Array.from({ length: 5 }, () => megabyte));
      expect(await app.text("/", { method: "POST", body: bytes })).to.equal(sha1(bytes));
      expect(await app.text("/", { method: "POST" })).to.equal(sha1(Buffer.alloc(0)));
    });

    it("is a source for pipelines", async () => {
      const folder = await mkdtemp(join(tmpdir(), "spec-"));
      @StreamRequestBody()
      class Saving extends RequestHandler {
        async put(): Promise<void> {
          await pipeline(this.bodyStream(), createWriteStream(join(folder, "a")));
        }
      }
      try {
        await using app = await serve([route("/", Saving)], limits);
        await app.text("/", { method: "PUT", body: megabyte });
        expect((await readFile(join(folder, "a"))).equals(megabyte)).to.equal(true);
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it("may be left: the answer goes out, and what follows on the connection is served", async () => {
      @StreamRequestBody()
      class First extends RequestHandler {
        async post(): Promise<string> {
          for await (const chunk of this.bodyStream()) return `first ${chunk.length > 0}`;
          return "none";
        }
      }
      await using app = await serve([route("/", First)], limits);
      const client = app.connect().send(head(200_000)).send(Buffer.alloc(100_000));
      await client.until(/first true/);
      expect(await client.send(Buffer.alloc(100_000)).send(next).end()).to.match(/first true[^]*served$/);
    });

    it("ends with an error, never early, when the client leaves or the limit is passed", async () => {
      const errors: Error[] = [];
      @StreamRequestBody()
      class Watching extends RequestHandler {
        async post(): Promise<string> {
          let size = 0;
          try {
            for await (const chunk of this.bodyStream()) size += chunk.length;
          } catch (error) {
            errors.push(error as Error);
            throw error;
          }
          return `whole ${size}`;
        }
      }
      expectLog(/413 POST .*: a body of more than 10 bytes$/);
      await using app = await serve([route("/", Watching, undefined, { bodyLimit: 10 })]);
      expect((await app.fetch("/", { method: "POST", body: "01234567890" })).status).to.equal(413);
      const client = app.connect().send(head(10)).send("01234");
      await app.text("/next");
      client.close();
      await untilLogged(/499 POST/);
      expect(errors.map(({ name }) => name)).to.deep.equal(["HTTPError", ClientClosedError.name]);
    });

    it("cannot be asked for twice, nor without the decorator", async () => {
      @StreamRequestBody()
      class Twice extends RequestHandler {
        async post(): Promise<void> {
          for await (const _ of this.bodyStream());
          this.bodyStream();
        }
      }
      class Plain extends RequestHandler {
        post(): void {
          this.bodyStream();
        }
      }
      const line = /the body was read before: decorate the handler with @StreamRequestBody\(\)/;
      expectLog(line, /500 POST/, line, /500 POST/);
      await using app = await serve([route("/twice", Twice), route("/plain", Plain)]);
      expect((await app.fetch("/twice", { method: "POST", body: "x" })).status).to.equal(500);
      expect((await app.fetch("/plain", { method: "POST", body: "x" })).status).to.equal(500);
    });
  });

  it("is missed at the start where there is a dataReceived", async () => {
    class Forgotten extends RequestHandler {
      override dataReceived(): void {}
      post(): void {}
    }
    const failure = await serve([route("/", Forgotten)]).catch((error: unknown) => error);
    expect(failure)
      .to.be.instanceOf(ConfigurationError)
      .with.property("message")
      .that.includes("Forgotten.dataReceived() is never called: decorate the class with @StreamRequestBody()");
  });
});
