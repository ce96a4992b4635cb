import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { muteLog } from "../support/log.js";
import { python, requireTornado } from "../support/tornado.js";
import { bytes, digest, longText, serveClients } from "./application.js";

/** What tornado_client.py prints of an answer. */
interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly size: number;
  readonly digest: string;
  /** Null when it is long. */
  readonly body: string | null;
}

interface Streamed extends Answer {
  readonly streamed: string;
  readonly pieces: number;
}

interface Results extends Readonly<Record<string, Answer | Streamed>> {
  readonly pieces: Streamed;
  readonly "compressed pieces": Streamed;
  readonly events: Streamed;
}

describe("Tornado's client", () => {
  let results: Results;
  let url: string;

  before(async function () {
    requireTornado(this);
    const script = fileURLToPath(new URL("../../../spec/clients/tornado_client.py", import.meta.url));
    // Its errors are part of what is tried.
    await muteLog(async () => {
      await using app = await serveClients();
      ({ url } = app);
      const { stdout } = await promisify(execFile)(python, [script, app.url]);
      results = JSON.parse(stdout) as Results;
    });
  });

  function answer(name: string): Answer {
    const found = results[name];
    if (found === undefined) throw new Error(`${name} was not asked`);
    return found;
  }

  function json(name: string): unknown {
    expect(answer(name).status, answer(name).body ?? "").to.equal(200);
    return JSON.parse(answer(name).body ?? "null");
  }

  it("is told what it asked", () => {
    const { headers, ...seen } = json("get") as { headers: Record<string, string>; connection: unknown };
    expect(seen).to.deep.include({ method: "GET", version: "HTTP/1.1", host: new URL(url).host, q: ["é", "a b"] });
    expect(headers).to.include({ "user-agent": "tornado", "accept-encoding": "gzip" });
  });

  it("gets the same fields by HEAD as by GET, and no body", () => {
    const { status, size, headers } = answer("head");
    expect([status, size]).to.deep.equal([200, 0]);
    expect(headers).to.include({ "content-type": "text/plain; charset=UTF-8", vary: "Accept-Encoding" });
  });

  it("sends forms, with a file of any name", () => {
    expect(json("form")).to.deep.equal({ a: ["1", "é"], b: ["x"], files: [] });
    const file = {
      name: "file",
      filename: "café.bin",
      type: "image/x-test",
      size: bytes.length,
      digest: digest(bytes),
    };
    expect(json("multipart")).to.deep.equal({ a: ["one"], b: [], files: [file] });
  });

  it("streams bodies, by chunks, by length, and when it is told to continue", () => {
    const whole = { size: bytes.length, digest: digest(bytes) };
    expect(json("chunked")).to.deep.equal({ ...whole, coding: "chunked" });
    expect(json("measured")).to.deep.equal(whole);
    expect(json("continued")).to.deep.equal({ ...whole, expect: "100-continue" });
  });

  it("is refused a body that is too long before it has sent it", () => {
    expect(answer("refused")).to.deep.include({ status: 413, sent: 0 });
  });

  it("unpacks what is compressed for it, and gets the plain bytes where it cannot", () => {
    for (const name of ["gzip", "identity"]) {
      expect([answer(name).status, answer(name).digest]).to.deep.equal([200, digest(longText)]);
    }
    // Where it has unpacked, it keeps the coding under this name.
    expect(answer("gzip").headers).to.include({ "x-consumed-content-encoding": "gzip" });
    expect(answer("identity").headers).to.include({ "content-length": String(longText.length) });
  });

  it("follows redirects, after a POST by GET", () => {
    for (const name of ["redirect", "posted"]) {
      expect(answer(name)).to.deep.include({ status: 200, body: "arrived", url: "/steps/0" });
    }
    expect(answer("stopped")).to.deep.include({ status: 302, url: "/steps/3" });
    expect(answer("stopped").headers).to.include({ location: "/steps/2" });
  });

  it("gives cookies back as they were set", () => {
    const { set, read } = results["cookies"] as unknown as { set: string[]; read: string };
    expect(set).to.have.lengthOf(3);
    expect(JSON.parse(read)).to.deep.equal({ plain: "value", spaces: "a;b", signed: "value signed" });
  });

  it("is told that nothing has changed", () => {
    expect(answer("unchanged")).to.deep.include({ status: 304, size: 0 });
  });

  it("gets a part of a file", () => {
    expect(answer("range")).to.deep.include({ status: 206, size: 2_000, digest: digest(bytes.subarray(1_000, 3_000)) });
    expect(answer("range").headers).to.include({ "content-range": "bytes 1000-2999/100000" });
    expect(answer("unsatisfiable").status).to.equal(416);
  });

  it("gets an answer in pieces, plain and compressed", () => {
    const text = Array.from({ length: 20 }, (_, piece) => `piece ${piece}\n`).join("");
    for (const name of ["pieces", "compressed pieces"] as const) {
      expect([results[name].status, results[name].streamed]).to.deep.equal([200, text]);
    }
    expect(results.pieces.pieces).to.be.above(1);
  });

  it("gets events from where it has left off", () => {
    const event = (id: number): string => `event: count\nid: ${id}\ndata: {"id":${id},"text":"two\\nlines"}\n\n`;
    expect(results.events.headers).to.include({ "content-type": "text/event-stream", "cache-control": "no-cache" });
    expect(results.events.streamed).to.equal(`retry: 50\n\n${[5, 6, 7].map(event).join("")}`);
  });

  it("gets the status of an error, and nothing of its reason", () => {
    for (const [name, status, title] of [
      ["not found", 404, "Not Found"],
      ["failed", 500, "Internal Server Error"],
      ["refusal", 409, "Conflict"],
    ] as const) {
      expect(answer(name)).to.deep.include({ status, reason: title, body: JSON.stringify({ title, status }) });
    }
  });
});
