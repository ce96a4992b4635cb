import { expect } from "chai";
import { memoryOf } from "#src/process/memory.js";
import { requireLinux } from "../support/skip.js";

describe("memoryOf", () => {
  before(function () {
    requireLinux(this, "only Linux says what a process shares");
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
