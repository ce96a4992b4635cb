import { on, once, EventEmitter } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { isStreamed } from "#src/web/values.js";
import { RequestHandler, route } from "waterspout";
import { expectLog, untilLogged } from "../support/log.js";
import { type Served, get, serve } from "../support/serve.js";

/** Serves what `value` gives, at `/`. */
function giving(value: (handler: RequestHandler) => unknown): Promise<Served> {
  class Giving extends RequestHandler {
    get(): unknown {
      return value(this);
    }
  }
  return serve([route("/", Giving)]);
}

/** An iterable that notes when it is left. */
function counting(left: () => void, count = Infinity): () => AsyncGenerator<string> {
  return async function* () {
    try {
      for (let i = 0; i < count; i++) yield "x".repeat(1024);
    } finally {
      left();
    }
  };
}

/** Resolves when it is called. */
function signalled(): { readonly promise: Promise<void>; readonly now: () => void } {
  let now!: () => void;
  const promise = new Promise<void>((resolve) => (now = resolve));
  return { promise, now };
}

describe("a returned value", () => {
  for (const [what, value, type, text] of [
    ["a string", () => "é", "text/html; charset=UTF-8", "é"],
    ["an empty string", () => "", "text/html; charset=UTF-8", ""],
    ["an object", () => ({ a: "</script>" }), "application/json; charset=UTF-8", '{"a":"<\\/script>"}'],
    ["an array", () => [1, null], "application/json; charset=UTF-8", "[1,null]"],
    ["an empty object", () => ({}), "application/json; charset=UTF-8", "{}"],
    ["an object without prototype", () => Object.create(null) as unknown, "application/json; charset=UTF-8", "{}"],
    ["a Date", () => new Date(0), "application/json; charset=UTF-8", '"1970-01-01T00:00:00.000Z"'],
    ["a Buffer", () => Buffer.from("é"), "application/octet-stream", "é"],
    ["a Uint8Array", () => new Uint8Array([65]), "application/octet-stream", "A"],
    ["a promise of one", () => Promise.resolve([1]), "application/json; charset=UTF-8", "[1]"],
    ["a Readable", () => Readable.from(["a", "b"]), "application/octet-stream", "ab"],
    ["a web stream", () => new Blob(["ab"]).stream(), "application/octet-stream", "ab"],
    ["a generator", () => ["a", "b"].values(), "text/html; charset=UTF-8", "ab"],
    ["an async generator", counting(() => {}, 2), "text/html; charset=UTF-8", "x".repeat(2048)],
    ["an iterable of nothing", () => new Set(), "text/html; charset=UTF-8", ""],
  ] as const) {
    it(`is sent as what it is: ${what}`, async () => {
      await using app = await giving(value);
      const answer = await app.fetch("/");
      expect(answer.headers.get("content-type")).to.equal(type);
      expect(await answer.text()).to.equal(text);
    });
  }

  it("follows what was written, and undefined adds nothing", async () => {
    await using app = await giving((handler) => {
      handler.write("a");
      return handler.getArgument("more", "") || undefined;
    });
    expect(await app.text("/")).to.equal("a");
    expect(await app.text("/?more=b")).to.equal("ab");
  });

  it("keeps the type that the handler set, unless an object would be shown as something else than JSON", async () => {
    await using app = await giving((handler) => {
      handler.setHeader("Content-Type", handler.getArgument("type"));
      return { string: "s", object: {}, stream: Readable.from(["s"]) }[handler.getArgument("value")];
    });
    const typeOf = async (value: string, type: string): Promise<string | null> =>
      (await app.fetch(`/?value=${value}&type=${type}`)).headers.get("content-type");
    expect(await typeOf("string", "text/plain")).to.equal("text/plain");
    expect(await typeOf("stream", "text/csv")).to.equal("text/csv");
    expect(await typeOf("object", "application/hal%2Bjson")).to.equal("application/hal+json");
    expect(await typeOf("object", "text/html")).to.equal("application/json; charset=UTF-8");
  });

  for (const [what, value, message] of [
    ["a number", () => 7, /an object or an array: make one of these of a number/],
    ["a boolean", () => false, /make one of these of a boolean/],
    ["null", () => null, /make one of these of null/],
    ["a function", () => () => "x", /make one of these of a function/],
    ["a symbol", () => Symbol("x"), /make one of these of a symbol/],
    ["a bigint", () => 1n, /make one of these of a bigint/],
    ["an Error", () => new RangeError("secret"), /RangeError was returned or written: throw it instead/],
    ["an ArrayBuffer", () => new ArrayBuffer(1), /ArrayBuffer has nothing that JSON shows/],
    ["an object that hides itself", () => ({ toJSON: () => undefined }), /has nothing that JSON shows/],
    ["an object with itself inside", circular, /circular structure/],
    ["an iterable of numbers", () => new Set([1]), /must give strings or bytes, it gave a value of type number/],
    ["an iterable of null", () => new Set([null]), /it gave null/],
    ["a Response that is an error", () => Response.error(), /code must be an integer from 200 to 599, got 0/],
  ] as const) {
    it(`that is ${what} is answered 500, and the log says what to do`, async () => {
      expectLog(message, /500 GET/);
      await using app = await giving(value);
      const answer = await app.fetch("/");
      expect(answer.status).to.equal(500);
      expect(await answer.json()).to.have.property("title", "Internal Server Error");
    });
  }
});

function circular(): object {
  const value: Record<string, unknown> = {};
  return (value["self"] = value);
}

describe("isStreamed", () => {
  it("does not load the web classes for plain data", () => {
    expect([isStreamed({}), isStreamed([]), isStreamed("x"), isStreamed(new Response())]).to.deep.equal([
      false,
      false,
      false,
      true,
    ]);
  });
});

describe("a streamed answer", () => {
  it("is sent as it comes", async () => {
    const second = signalled();
    await using app = await giving(async function* () {
      yield "first";
      await second.promise;
      yield Buffer.from("second");
    });
    const client = app.connect().send(get("/"));
    expect(await client.until(/first/)).to.not.include("second");
    second.now();
    expect(await client.end()).to.match(/second\r\n0\r\n\r\n$/);
  });

  it("of a source that never waits leaves the loop to others", async () => {
    const left = signalled();
    await using app = await giving(function* () {
      try {
        for (;;) yield "";
      } finally {
        left.now();
      }
    });
    const client = app.connect().send(get("/"));
    await client.until(/200 OK/);
    expect(await app.text("/next")).to.equal("served");
    client.close();
    await left.promise;
  });

  it("of a source that fails at once is a 500", async () => {
    expectLog(/Error: at once/, /500 GET/);
    await using app = await giving(async function* () {
      yield await Promise.reject(new Error("at once"));
    });
    expect((await app.fetch("/")).status).to.equal(500);
  });

  for (const [what, source] of [
    ["an async generator", failing],
    ["a Readable", () => Readable.from(failing())],
    ["a Response", () => new Response(Readable.toWeb(Readable.from(bytes(failing()))) as ReadableStream)],
  ] as const) {
    it(`of ${what} that fails in the middle is cut`, async () => {
      expectLog(/Uncaught exception .*\n +Error: in the middle/, /Cannot send error response after headers written/);
      await using app = await giving(source);
      expect(await app.connect().send(get("/")).end())
        .to.include("first")
        .and.not.match(/0\r\n\r\n$/);
    });
  }

  describe("whose client leaves", () => {
    it("ends an iterable: its finally runs", async () => {
      const left = signalled();
      await using app = await giving(counting(left.now));
      const client = app.connect().send(get("/"));
      await client.until(/xxx/);
      client.close();
      await left.promise;
      await untilLogged(/499 GET \/ /);
    });

    it("ends an iterable that waits with the request's signal", async () => {
      const left = signalled();
      const bus = new EventEmitter();
      await using app = await giving(async function* (handler) {
        try {
          yield "open";
          for await (const [message] of on(bus, "message", { signal: handler.signal })) yield String(message);
        } finally {
          left.now();
        }
      });
      const client = app.connect().send(get("/"));
      await client.until(/open/);
      client.close();
      await left.promise;
      await untilLogged(/499 GET \/ /);
      expect(bus.listenerCount("message")).to.equal(0);
    });

    it("destroys a Readable that waits for its source", async () => {
      const source = new PassThrough();
      const closed = new Promise((resolve) => source.once("close", resolve));
      await using app = await giving(() => source);
      const client = app.connect().send(get("/"));
      source.write("first");
      await client.until(/first/);
      client.close();
      await closed;
      await untilLogged(/499 GET \/ /);
    });

    it("cancels a web stream that waits for its source", async () => {
      const cancelled = signalled();
      const stream = new ReadableStream({
        start: (controller) => controller.enqueue(Buffer.from("first")),
        cancel: () => cancelled.now(),
      });
      await using app = await giving(() => new Response(stream));
      const client = app.connect().send(get("/"));
      await client.until(/first/);
      client.close();
      await cancelled.promise;
      await untilLogged(/499 GET \/ /);
    });
  });

  it("to HEAD is the header section alone, and the source ends", async () => {
    const left = signalled();
    await using app = await giving(counting(left.now));
    const client = app.connect().send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const answer = await client.end();
    expect(answer)
      .to.match(/^HTTP\/1\.1 200 OK/)
      .and.match(/\r\n\r\n$/);
    expect(answer).to.not.match(/content-length/i);
    await left.promise;
  });

  it("that comes after finish is an error in the log, and the source ends", async () => {
    const left = signalled();
    expectLog(/write\(\) after finish\(\)/);
    await using app = await giving((handler) => {
      void handler.finish("done");
      return counting(left.now)();
    });
    expect(await app.text("/")).to.equal("done");
    await left.promise;
    await untilLogged(/200 GET \/ /);
  });
});

describe("a web Response", () => {
  it("gives status, headers, cookies and body", async () => {
    await using app = await giving(() => {
      const headers = new Headers({ "Content-Type": "text/plain", "X-Own": "1" });
      headers.append("Set-Cookie", "a=1");
      headers.append("Set-Cookie", "b=2");
      return new Response("body", { status: 203, statusText: "Hearsay", headers });
    });
    const answer = await app.fetch("/");
    expect([answer.status, answer.statusText, await answer.text()]).to.deep.equal([203, "Hearsay", "body"]);
    expect(answer.headers.getSetCookie()).to.deep.equal(["a=1", "b=2"]);
    expect(answer.headers.get("x-own")).to.equal("1");
  });

  it("may be without a body", async () => {
    await using app = await giving(() => new Response(null, { status: 204 }));
    expect((await app.fetch("/")).status).to.equal(204);
  });

  it("that was fetched is passed on, decoded, without what belongs to its connection", async () => {
    const upstream = createServer((_, response) => {
      response.writeHead(200, { "Content-Encoding": "gzip", "Content-Type": "text/plain", "Keep-Alive": "timeout=1" });
      response.end(gzipSync("from afar"));
    }).listen(0, "127.0.0.1");
    await once(upstream, "listening");
    const { port } = upstream.address() as AddressInfo;
    try {
      await using app = await giving(() => fetch(`http://127.0.0.1:${port}/`));
      const answer = await app.fetch("/");
      expect([answer.status, await answer.text()]).to.deep.equal([200, "from afar"]);
      expect([answer.headers.get("content-encoding"), answer.headers.get("content-type")]).to.deep.equal([
        null,
        "text/plain",
      ]);
    } finally {
      upstream.closeAllConnections();
      upstream.close();
    }
  });
});

async function* failing(): AsyncGenerator<string> {
  yield "first";
  // The first chunk has to be with the client before the connection is cut.
  await new Promise((resolve) => setImmediate(resolve));
  throw new Error("in the middle");
}

async function* bytes(source: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const text of source) yield Buffer.from(text);
}
