import { expect } from "chai";
import { expectLog } from "../support/log.js";
import { bytes, digest, longText, serveClients } from "./application.js";

describe("Node's fetch", () => {
  it("asks on connections that it has", async () => {
    await using app = await serveClients();
    const connections = new Set<unknown>();
    for (let asked = 0; asked < 10; asked++) {
      connections.add(((await (await app.fetch("/seen")).json()) as { connection: number }).connection);
    }
    // It may ask again before the first connection is its own again.
    expect(connections.size).to.be.below(3);
  });

  it("gets by HEAD what it would get by GET, without the body", async () => {
    await using app = await serveClients();
    const init = { headers: { "Accept-Encoding": "identity" } };
    const [head, get] = [await app.fetch("/text", { ...init, method: "HEAD" }), await app.fetch("/text", init)];
    expect(await head.text()).to.equal("");
    expect(await get.text()).to.equal(longText);
    // It does not keep a connection after HEAD.
    const ofConnection = ["date", "connection", "keep-alive"];
    const fieldsOf = ({ headers }: Response): string[][] =>
      [...headers].filter(([name]) => !ofConnection.includes(name));
    expect(fieldsOf(head)).to.deep.equal(fieldsOf(get));
  });

  it("unpacks what is compressed for it", async () => {
    await using app = await serveClients();
    const answer = await app.fetch("/text");
    expect(answer.headers.get("content-encoding")).to.match(/^(br|gzip|zstd)$/);
    expect(await answer.text()).to.equal(longText);
  });

  it("gets a part of a file", async () => {
    await using app = await serveClients();
    const answer = await app.fetch("/files/bytes.bin", { headers: { Range: "bytes=-100" } });
    expect([answer.status, Buffer.from(await answer.arrayBuffer())]).to.deep.equal([206, bytes.subarray(-100)]);
  });

  it("sends forms with files, and bodies as they are made", async () => {
    await using app = await serveClients();
    const form = new FormData();
    form.set("a", "é\r\n");
    form.set("file", new File([bytes], 'a "quoted" é.bin', { type: "image/x-test" }));
    const file = { name: "file", filename: 'a "quoted" é.bin', type: "image/x-test", size: bytes.length };
    const sent = await app.fetch("/form", { method: "POST", body: form });
    expect(await sent.json()).to.deep.equal({ a: ["é"], b: [], files: [{ ...file, digest: digest(bytes) }] });

    const body = new ReadableStream({
      start(controller) {
        for (let start = 0; start < bytes.length; start += 9_000)
          controller.enqueue(bytes.subarray(start, start + 9_000));
        controller.close();
      },
    });
    const streamed = await app.fetch("/upload", { method: "PUT", body, duplex: "half" });
    expect(await streamed.json()).to.deep.equal({ size: bytes.length, digest: digest(bytes), coding: "chunked" });
  });

  it("gets to read why its body was refused", async () => {
    await using app = await serveClients();
    expectLog(/413 POST \/small/);
    const answer = await app.fetch("/small", { method: "POST", body: bytes });
    expect([answer.status, await answer.json()]).to.deep.equal([413, { title: "Payload Too Large", status: 413 }]);
  });

  it("follows redirects, and stops where it is told to", async () => {
    await using app = await serveClients();
    const arrived = await app.fetch("/posted", { method: "POST", body: "" });
    expect([arrived.redirected, await arrived.text()]).to.deep.equal([true, "arrived"]);
    const stopped = await app.fetch("/steps/2", { redirect: "manual" });
    expect([stopped.status, stopped.headers.get("location")]).to.deep.equal([302, "/steps/1"]);
  });

  it("leaves in the middle of an answer, and the next is served", async () => {
    await using app = await serveClients();
    const controller = new AbortController();
    const answer = await app.fetch("/pieces", { signal: controller.signal });
    await answer.body?.getReader().read();
    controller.abort();
    expect(await app.text("/steps/0")).to.equal("arrived");
  });
});
