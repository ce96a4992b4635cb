import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { machineTime } from "#src/executors/machine-time.js";

const program = `
  import { machineTime } from ${JSON.stringify(new URL(import.meta.resolve("#src/executors/machine-time.js")).href)};
  import { parentPort } from "node:worker_threads";
  parentPort.postMessage(machineTime());
`;

describe("machineTime", () => {
  it("is the same for a thread that was started later", async () => {
    const before = machineTime();
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
    const [theirs] = (await once(worker, "message")) as [number];
    const after = machineTime();
    expect(theirs).to.be.within(before, after);
  });

  it("gives a time of performance.now() on its own clock", () => {
    const [now, later] = [machineTime(100), machineTime(350)];
    expect(later - now).to.be.closeTo(250, 0.001);
  });
});
