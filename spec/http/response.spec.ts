import { once } from "node:events";
import { expect } from "chai";
import { ClientClosedError, ResponseError } from "#src/errors.js";
import { httpSettings } from "#src/http/limits.js";
import { ResponseWriter } from "#src/http/response.js";
import { HTTPTransport } from "#src/http/server.js";
import { CapturedLog } from "../support/captured-log.js";
import { exchange, type RawAnswer, RawClient } from "../support/raw-client.js";

type Script = (writer: ResponseWriter) => unknown;

describe("ResponseWriter", () => {
  let transport: HTTPTransport;
  let port: number;
  let log: CapturedLog;
  let script: Script;
  /** What the script of the last request threw. */
  let thrown: unknown;
  let ended: Promise<void>;
  /** Called when the client of the last request has left. */
  let onClientLeft: () => void;

  beforeEach(async () => {
    log = new CapturedLog();
    thrown = undefined;
    onClientLeft = () => {};
    transport = new HTTPTransport(
      (_message, response, host) => {
        const writer = new ResponseWriter(response, host);
        ended = run(writer).catch((error: unknown) => {
          thrown = error;
          if (writer.headersWritten) writer.abort();
          else {
            writer.clear();
            writer.setStatus(500);
            void writer.finish("failed");
          }
        });
        return writer;
      },
      httpSettings({ drainLinger: 0, gracePeriod: 5_000, sendTimeout: 100, connectionsCheckingInterval: 50 }),
    );
    transport.onClosed((writer) => {
      if ((writer as ResponseWriter).clientLeft) onClientLeft();
    });
    ({ port } = await transport.listen({ port: 0, host: "127.0.0.1" }));
  });

  afterEach(async () => {
    log.restore();
    await transport.drain();
  });

  async function run(writer: ResponseWriter): Promise<void> {
    await script(writer);
    if (!writer.finished) await writer.finish();
  }

  async function answerTo(next: Script, line = "GET / HTTP/1.1", fields = ""): Promise<RawAnswer> {
    script = next;
    return exchange(port, `${line}\r\nHost: a\r\nConnection: close\r\n${fields}\r\n`);
  }

  describe("#beforeHeaders", () => {
    it("completes the header section once, whole answer or flushed", async () => {
      const completing: Script = (writer) => {
        writer.beforeHeaders(() => writer.addHeader("X-A", 1));
        writer.beforeHeaders(() => writer.addHeader("X-A", writer.status));
        writer.setStatus(201);
      };
      expect((await answerTo(completing)).headers["x-a"]).to.equal("1, 201");
      const flushing: Script = async (writer) => {
        await completing(writer);
        writer.write("a");
        await writer.flush();
        await writer.flush();
      };
      expect((await answerTo(flushing)).headers["x-a"]).to.equal("1, 201");
    });

    it("completes it again when the answer is replaced by another", async () => {
      const answer = await answerTo((writer) => {
        writer.beforeHeaders(() => writer.addHeader("X-A", writer.status));
        writer.setStatus(204);
        writer.write("a body that 204 does not have");
      });
      expect([answer.status, answer.headers["x-a"]]).to.deep.equal([500, "500"]);
    });
  });

  describe("#finish", () => {
    it("sends what was written as one body with its length and tag", async () => {
      const answer = await answerTo((writer) => {
        writer.write("hä");
        writer.write(Buffer.from("llo"));
        writer.setHeader("X-A", 1);
        void writer.finish("!");
      });
      expect(answer).to.include({ status: 200, body: "h\xc3\xa4llo!" });
      expect(answer.headers).to.include({ "content-length": "7", "x-a": "1" });
      expect(answer.headers["etag"]).to.match(/^"[0-9a-f]{40}"$/);
    });

    it("answers 304 without entity headers when the client has this body", async () => {
      const body: Script = (writer) => {
        writer.setHeader("Content-Type", "text/plain");
        writer.setHeader("Cache-Control", "private");
        writer.write("abc");
      };
      const { headers } = await answerTo(body);
      const answer = await answerTo(body, "GET / HTTP/1.1", `If-None-Match: "x", W/${headers["etag"]}\r\n`);
      expect(answer).to.include({ status: 304, statusLine: "HTTP/1.1 304 Not Modified", body: "" });
      expect(answer.headers).to.include({ etag: headers["etag"], "cache-control": "private" });
      expect(answer.headers).not.to.have.any.keys("content-type", "content-length");
    });

    it("respects a tag of the application, and *", async () => {
      const tagged: Script = (writer) => writer.setHeader("Etag", 'W/"v1"');
      expect((await answerTo(tagged)).headers["etag"]).to.equal('W/"v1"');
      expect((await answerTo(tagged, "GET / HTTP/1.1", 'If-None-Match: "v1"\r\n')).status).to.equal(304);
      expect((await answerTo(tagged, "HEAD / HTTP/1.1", "If-None-Match: *\r\n")).status).to.equal(304);
      expect((await answerTo(tagged, "GET / HTTP/1.1", 'If-None-Match: "v2"\r\n')).status).to.equal(200);
    });

    it("makes no tag for other methods, other statuses, or when told not to", async () => {
      const all = "If-None-Match: *\r\nContent-Length: 0\r\n";
      expect((await answerTo((writer) => writer.write("a"), "POST / HTTP/1.1", all)).headers).not.to.have.property(
        "etag",
      );
      const created: Script = (writer) => writer.setStatus(201);
      expect((await answerTo(created, "GET / HTTP/1.1", all)).headers).not.to.have.property("etag");
      const untagged: Script = (writer) => void (writer.tagger = undefined);
      expect((await answerTo(untagged, "GET / HTTP/1.1", all)).headers).not.to.have.property("etag");
    });

    it("answers HEAD with the headers of GET and no body", async () => {
      const body: Script = (writer) => writer.write("hello");
      const get = await answerTo(body);
      const head = await answerTo(body, "HEAD / HTTP/1.1");
      expect(head.body).to.equal("");
      expect({ ...head.headers, date: "" }).to.deep.equal({ ...get.headers, date: "" });
      const known: Script = (writer) => writer.setHeader("Content-Length", 1_000_000);
      const { headers } = await answerTo(known, "HEAD / HTTP/1.1");
      expect(headers["content-length"]).to.equal("1000000");
      // It would be that of an empty body.
      expect(headers).not.to.have.property("etag");
    });

    it("sends 204 without a body and refuses one", async () => {
      const answer = await answerTo((writer) => {
        writer.setHeader("Content-Type", "text/plain");
        writer.setStatus(204);
      });
      expect(answer).to.include({ status: 204, body: "" });
      expect(answer.headers).not.to.have.any.keys("content-length", "content-type", "transfer-encoding");
      const wrong = await answerTo((writer) => {
        writer.setStatus(204);
        writer.write("x");
      });
      expect(wrong).to.include({ status: 500, body: "failed" });
      expect(thrown).to.be.instanceOf(ResponseError).with.property("message").that.includes("status 204");
    });

    it("refuses a body of another length than announced", async () => {
      const answer = await answerTo((writer) => {
        writer.setHeader("Content-Length", 5);
        writer.write("eight by");
      });
      expect(answer).to.include({ status: 500, body: "failed" });
      expect(thrown).to.be.instanceOf(ResponseError).with.property("message").that.includes("set to 5, but 8 bytes");
    });

    it("truncates visibly when a stream misses or exceeds its announced length", async () => {
      for (const rest of ["", "too much"]) {
        const answer = await answerTo(async (writer) => {
          writer.setHeader("Content-Length", 5);
          writer.write("abc");
          await writer.flush();
          await writer.finish(rest);
        });
        expect(answer).to.include({ status: 200, body: "abc" });
        expect(answer.headers["content-length"]).to.equal("5");
        expect(thrown).to.be.instanceOf(ResponseError);
      }
    });

    it("can be called once, and nothing after it", async () => {
      let writer!: ResponseWriter;
      await answerTo((given) => {
        writer = given;
        return writer.finish("x");
      });
      expect(writer.finished).to.equal(true);
      expect(() => writer.write("x")).to.throw(ResponseError, "write() after finish()");
      expect(() => writer.finish()).to.throw(ResponseError, "finish() after finish()");
      expect(() => writer.flush()).to.throw(ResponseError, "flush() after finish()");
      expect(() => writer.setHeader("a", "b")).to.throw(ResponseError, "setHeader() after finish()");
    });
  });

  describe("#flush", () => {
    it("sends piece by piece, without length and tag", async () => {
      const answer = await answerTo(async (writer) => {
        await writer.flush();
        expect(writer.headersWritten).to.equal(true);
        writer.write("abc");
        await writer.flush();
        writer.write("de");
      });
      // Node 26 joins what is written in one turn.
      expect(answer.body).to.be.oneOf(["3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "5\r\nabcde\r\n0\r\n\r\n"]);
      expect(answer.headers)
        .to.include({ "transfer-encoding": "chunked" })
        .and.not.have.any.keys("etag", "content-length");
    });

    it("drops what is written in answer to HEAD", async () => {
      const answer = await answerTo(async (writer) => {
        writer.write("abc");
        await writer.flush();
        writer.write("de");
      }, "HEAD / HTTP/1.1");
      expect(answer.body).to.equal("");
    });

    it("refuses a body on 304", async () => {
      const answer = await answerTo((writer) => {
        writer.setStatus(304);
        writer.write("abc");
        return writer.flush();
      });
      expect(answer.status).to.equal(500);
      expect(thrown).to.be.instanceOf(ResponseError);
    });

    it("makes headers final", async () => {
      await answerTo(async (writer) => {
        await writer.flush();
        for (const late of [
          () => writer.setStatus(201),
          () => writer.setHeader("a", "b"),
          () => writer.addHeader("a", "b"),
          () => writer.clearHeader("a"),
          () => writer.clear(),
        ]) {
          expect(late).to.throw(ResponseError, "after the headers were written");
        }
      });
      expect(thrown).to.equal(undefined);
    });

    it("waits for a client that does not read, and rejects when it leaves", async () => {
      let waited = false;
      script = async (writer) => {
        for (;;) {
          writer.write(Buffer.alloc(1024 * 1024));
          const flushed = writer.flush();
          waited ||= await Promise.race([flushed.then(() => false), turn().then(() => true)]);
          if (waited) client.close();
          await flushed;
        }
      };
      const client = new RawClient(port);
      client.socket.pause();
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await once(client.socket, "close");
      await ended;
      expect(waited).to.equal(true);
      expect(thrown).to.be.instanceOf(ClientClosedError);
    });

    it("is cut off by sendTimeout when the client takes nothing, with one line in the log", async () => {
      const gone: string[] = [];
      onClientLeft = () => gone.push("gone");
      script = async (writer) => {
        await writer.finish(Buffer.alloc(32 * 1024 * 1024));
      };
      const client = new RawClient(port);
      client.socket.pause();
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await log.waitFor(1);
      await ended;
      expect(log.lines).to.have.length(1);
      expect(log.lines[0]).to.match(/closed \(127\.0\.0\.1\): the client has stopped taking the answer/);
      expect(thrown).to.be.instanceOf(ClientClosedError);
      expect(gone).to.deep.equal(["gone"]);
      client.close();
    });

    it("does not bring the process down when nobody awaits it", async () => {
      let writer!: ResponseWriter;
      const client = new RawClient(port);
      await new Promise<void>((resolve) => {
        script = async (given) => {
          writer = given;
          onClientLeft = resolve;
          await writer.flush();
          client.close();
          await new Promise(() => {});
        };
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      });
      expect(writer.clientGone).to.equal(true);
      writer.write("x");
      void writer.flush();
      await turn();
    });
  });

  describe("#abort", () => {
    it("makes a chunked answer look truncated", async () => {
      const answer = await answerTo(async (writer) => {
        writer.write("abc");
        await writer.flush();
        writer.abort();
      });
      expect(answer.body).to.equal("3\r\nabc\r\n");
    });

    it("resets the connection where only its close ends the body", async () => {
      script = async (writer) => {
        writer.write("abc");
        await writer.flush();
        await received;
        writer.abort();
      };
      const client = new RawClient(port).send("GET / HTTP/1.0\r\n\r\n");
      const received = client.until(/abc/);
      await client.end();
      expect(client.error).to.equal("ECONNRESET");
    });

    it("does not count as a client that left", async () => {
      let gone = 0;
      await answerTo((writer) => {
        onClientLeft = () => (gone += 1);
        writer.abort();
        expect(writer.finished).to.equal(true);
      });
      expect(gone).to.equal(0);
    });
  });

  describe("#setHeader", () => {
    it("takes strings, numbers, dates and lists; addHeader adds", async () => {
      const answer = await answerTo((writer) => {
        writer.setHeader("X-Date", new Date(0));
        writer.setHeader("Set-Cookie", ["a=1", "b=2"]);
        writer.addHeader("Set-Cookie", "c=3");
        writer.setHeader("X-Gone", "1");
        writer.clearHeader("x-gone");
        writer.defaultType("text/plain");
        writer.defaultType("text/html");
        expect(writer.getHeader("content-type")).to.equal("text/plain");
      });
      expect(answer.headers).to.include({
        "x-date": "Thu, 01 Jan 1970 00:00:00 GMT",
        "set-cookie": "a=1, b=2, c=3",
        "content-type": "text/plain",
      });
      expect(answer.headers).not.to.have.property("x-gone");
    });

    it("lets nothing unsafe out", async () => {
      for (const unsafe of ["a\r\nX-Evil: 1", "a\0", "\u010d\u010aX-Evil: 1"]) {
        const answer = await answerTo((writer) => writer.setHeader("Location", unsafe));
        expect(answer.status).to.equal(500);
        expect(answer.headers).not.to.have.any.keys("x-evil", "location");
        expect(thrown).to.be.instanceOf(ResponseError).with.property("message").that.includes("Unsafe header value");
      }
    });

    it("leaves framing to the server", async () => {
      const chunked = await answerTo((writer) => writer.setHeader("Transfer-Encoding", "chunked"));
      expect(chunked.status).to.equal(500);
      script = (writer) => writer.setHeader("Connection", "close");
      const client = new RawClient(port).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      expect(await client.end()).to.match(/Connection: close/i);
      const timed = await answerTo((writer) => writer.setHeader("Keep-Alive", "timeout=1"));
      expect(timed.headers["keep-alive"]).to.equal(undefined);
      const kept = await answerTo((writer) => writer.setHeader("Connection", "keep-alive"));
      expect(kept.headers["connection"]).to.equal("close");
    });
  });

  describe("#setStatus", () => {
    it("sets code and reason", async () => {
      const answer = await answerTo((writer) => {
        writer.setStatus(418, "Short and stout");
        expect(writer).to.include({ status: 418, reason: "Short and stout" });
      });
      expect(answer.statusLine).to.equal("HTTP/1.1 418 Short and stout");
      const standard = await answerTo((writer) => {
        writer.setStatus(404);
        expect(writer.reason).to.equal("Not Found");
      });
      expect(standard.statusLine).to.equal("HTTP/1.1 404 Not Found");
    });

    it("refuses other codes and unsafe reasons", async () => {
      for (const code of [100, 600, 200.5, Number.NaN]) {
        expect((await answerTo((writer) => writer.setStatus(code))).status).to.equal(500);
        expect(thrown).to.be.instanceOf(ResponseError);
      }
      const answer = await answerTo((writer) => writer.setStatus(400, "<script>"));
      expect(answer.statusLine).to.equal("HTTP/1.1 500 Internal Server Error");
    });
  });
});

/** One turn of the event loop: what can settle by itself has settled. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
