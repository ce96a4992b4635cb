import { expect } from "chai";
import type { ServeOptions } from "waterspout";
import { RawClient } from "../support/raw-client.js";
import { ServedProgram } from "../support/served-program.js";

const clean = { code: 0, signal: null };

function start(options: ServeOptions = {}): ServedProgram {
  return new ServedProgram(new URL("./fixtures/stopping.js", import.meta.url), [JSON.stringify(options)]);
}

async function statusOf(app: ServedProgram, path: string): Promise<number> {
  const url = await app.url(path);
  const response = await fetch(url, { headers: { connection: "close" } });
  await response.text();
  return response.status;
}

async function askOnAndOn(app: ServedProgram): Promise<never> {
  for (;;) await (await fetch(await app.url("/ping"))).text();
}

// That what is in flight is answered in time is in bootstrap.spec.ts.
describe("the end of a program", () => {
  for (const processes of [1, 2]) {
    describe(`with processes: ${processes}`, () => {
      it("answers 503 when the time is over, reports it in one line, and exits 0", async () => {
        await using app = start({ processes, gracePeriod: 300 });
        const status = statusOf(app, "/never");
        await app.program.line(/^held$/);
        expect(await app.stop()).to.deep.equal(clean);
        expect(await status).to.equal(503);
        expect(app.count(/\] 503 GET \/never .*: not answered before the server's end$/)).to.equal(1);
        expect(app.count(/not all was done when the server stopped: 1 request was answered 503$/)).to.equal(1);
      });

      it("ends a thread that does not stop, and exits 0", async () => {
        await using app = start({ processes, gracePeriod: 300 });
        const status = statusOf(app, "/spin");
        await app.program.line(/^held$/);
        const exit = await app.stop();
        expect(await status).to.equal(503);
        // On a machine that is busy the second that is left may be too short, and the process kills itself.
        if (app.count(/the process kills itself: it has not ended in time/) > 0) return;
        expect(exit).to.deep.equal(clean);
        expect(app.count(/1 request was answered 503, 1 task was cancelled$/)).to.equal(1);
      });

      it("does not wait for a thread in native code", async () => {
        await using app = start({ processes, gracePeriod: 300, killMargin: 60_000 });
        const status = statusOf(app, "/native");
        await app.program.line(/^held$/);
        const exit = await app.stop();
        expect(await status).to.equal(503);
        expect(app.count(/the process kills itself: /)).to.equal(1);
        // A primary takes a child that had to be killed for a fault.
        expect(exit).to.deep.equal(processes === 1 ? { code: null, signal: "SIGKILL" } : { code: 1, signal: null });
      });
    });
  }

  it("does not wait for clients that send half a request, or nothing, or without end", async () => {
    await using app = start({ gracePeriod: 1_000, drainLinger: 200 });
    const port = Number(new URL(await app.url("/")).port);
    const half = new RawClient(port).send("GET /ping HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nha");
    const headless = new RawClient(port).send("GET /ping HT");
    const silent = await new RawClient(port).connected();
    const busy = askOnAndOn(app).catch(() => "refused");
    await app.program.line(/\] 200 GET \/ping/);
    expect(await app.stop()).to.deep.equal(clean);
    expect(await busy).to.equal("refused");
    for (const client of [half, headless, silent]) {
      await client.end();
      client.close();
    }
  });
});
