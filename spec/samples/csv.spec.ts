import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ServedProgram } from "../support/served-program.js";

const main = new URL("../../samples/csv/main.js", import.meta.url);

interface Row {
  readonly station: string;
  readonly celsius: number;
}

describe("the csv sample", () => {
  let folder: string;

  /** The sample writes its file to the temporary folder, which is the test's own. */
  const start = (rows: number): ServedProgram =>
    new ServedProgram(main, ["--port=0", `--rows=${rows}`], { env: { TMPDIR: folder } });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "waterspout-csv-"));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it("streams all rows of the file in order as events, parsed by a worker, and closes it", async () => {
    await using app = start(3_500);
    const response = await fetch(await app.url("/measurements"));
    expect(response.headers.get("content-type")).to.match(/^text\/event-stream/);
    const events = (await response.text()).split("\n\n").filter((event) => event.includes("data:"));
    expect(events.map((event) => /^id: ?(.*)$/m.exec(event)?.[1] ?? /^event: ?(.*)$/m.exec(event)?.[1])).to.deep.equal([
      "1000",
      "2000",
      "3000",
      "3500",
      "end",
    ]);
    const rows = events.slice(0, -1).flatMap((event) => JSON.parse(/^data: ?(.*)$/m.exec(event)?.[1] ?? "") as Row[]);
    expect(rows).to.have.lengthOf(3_500);
    expect([rows[0], rows[1_001], rows[3_499]]).to.deep.equal([
      { station: "Abha", celsius: 0 },
      { station: "Bergen", celsius: 0.1 },
      { station: "Dakar", celsius: 49.9 },
    ]);
    await app.program.line(/^closed .*waterspout-measurements-3500\.csv after row 3500$/);
    expect(await app.stop()).to.deep.equal({ code: 0, signal: null });
  });

  it("stops parsing and closes the file when the client leaves", async () => {
    await using app = start(300_000);
    const controller = new AbortController();
    const response = await fetch(await app.url("/measurements"), { signal: controller.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    controller.abort();
    const line = await app.program.line(/^closed .* after row \d+$/);
    expect(Number(/\d+$/.exec(line)?.[0])).to.be.below(300_000);
    expect(await app.stop()).to.deep.equal({ code: 0, signal: null });
  });
});
