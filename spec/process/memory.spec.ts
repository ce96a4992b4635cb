import { expect } from "chai";
import { memoryOf } from "#src/process/memory.js";

describe("memoryOf", () => {
  before(function () {
    if (process.platform !== "linux") this.skip();
  });

  it("reads what the system knows of a process", async () => {
    const memory = await memoryOf(process.pid);
    expect(memory?.rss)
      .to.be.above(20 * 2 ** 20)
      .and.below(process.memoryUsage.rss() * 2);
    expect(memory?.pss)
      .to.be.above(0)
      .and.at.most(memory?.rss ?? 0);
  });

  it("knows nothing of a process that is not there", async () => {
    expect(await memoryOf(2 ** 30)).to.equal(undefined);
  });
});
