import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { machineTime } from "#src/executors/machine-time.js";

const file = JSON.stringify(import.meta.resolve("#src/executors/machine-time.js"));
const program = `
  import { machineTime } from ${file};
  import { parentPort } from "node:worker_threads";
  parentPort.postMessage(machineTime());
`;
const stopped = `
  import { parentPort } from "node:worker_threads";
  const { bigint } = process.hrtime;
  let pause = 200;
  process.hrtime.bigint = () => {
    const read = bigint();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    pause = 0;
    return read;
  };
  const { machineTime } = await import(${file});
  parentPort.postMessage([pause, machineTime() - Number(bigint()) / 1e6]);
`;

describe("machineTime", () => {
  async function answerOf(source: string): Promise<unknown> {
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
    const [answer] = (await once(worker, "message")) as [unknown];
    return answer;
  }

  it("is the same for a thread that was started later", async () => {
    const before = machineTime();
    const theirs = await answerOf(program);
    const after = machineTime();
    expect(theirs).to.be.within(before, after);
  });

  it("is the same for a thread that was stopped while it compared the clocks", async () => {
    const [pause, difference] = (await answerOf(stopped)) as [number, number];
    expect(pause).to.equal(0);
    expect(difference).to.be.closeTo(0, 100);
  });

  it("gives a time of performance.now() on its own clock", () => {
    const [now, later] = [machineTime(100), machineTime(350)];
    expect(later - now).to.be.closeTo(250, 0.001);
  });
});
