import { expect } from "chai";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.js";
import { type Flood, pipelined, slowHeaders, storm } from "./floods.js";
import { WatchedServer } from "./watched-server.js";

/** `npm run load:http` has the same for longer, with figures. */
describe("a flood", () => {
  let folder: TemporaryFolder;
  let server: WatchedServer;

  before(async () => {
    folder = temporaryFolder();
    server = await WatchedServer.start(folder.path, folder.path, "impatient");
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  /** Bytes that memory may grow by. */
  const growth = 64 * 1024 * 1024;

  /** Of several floods, the first after which the memory is no more than it may be: what is garbage is not told apart. */
  async function bounded(flood: () => Promise<Flood>): Promise<Flood> {
    for (let left = 3; ; left--) {
      const result = await flood();
      if (left === 1 || result.report.growth <= growth) return result;
      await server.collect();
    }
  }

  function check({ report }: Flood, lines: number): void {
    expect(report.growth, "bytes that memory grew by").to.be.at.most(growth);
    expect(report.connections, "connections that did not close").to.equal(0);
    const unexpected = report.lines.filter((line) => !line.includes(" access] 200 GET "));
    expect(unexpected.length, unexpected.slice(0, 5).join("\n")).to.be.at.most(lines);
  }

  it("of 100,000 pipelined requests whose answers nobody reads is cut off, most of it unread", async () => {
    const flood = await bounded(() => pipelined(server, 100_000));
    check(flood, 1);
    // 400 MB of answers: more than any kernel holds.
    expect(flood.report.lines.filter((line) => line.includes("GET /page")).length).to.be.below(100_000);
  });

  it("of 1,000 connections in a second on which nothing is said is closed, and keeps nobody waiting for ever", async () => {
    const flood = await bounded(() => storm(server, 1_000, 1));
    check(flood, 0);
    expect(flood.refused).to.equal(0);
  });

  it("of 200 header sections that never end is answered 408, a line for each at most", async () => {
    const flood = await bounded(() => slowHeaders(server, 200));
    check(flood, 200);
    expect(flood.refused).to.equal(0);
    expect(flood.report.lines.some((line) => line.includes("408 unparsed request"))).to.equal(true);
  });
});
