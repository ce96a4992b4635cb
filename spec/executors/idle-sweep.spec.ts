import { expect } from "chai";
import { IdleSweep } from "#src/executors/idle-sweep.js";
import type { LinkSet } from "#src/executors/link-set.js";
import type { WorkerLink } from "#src/executors/worker-link.js";
import { until } from "../support/until.js";

/** A worker that has nothing to do, unless the test says otherwise. */
class Idler {
  usable = true;
  running = 0;
  idleSince = performance.now();
  stopped = false;

  endWithin(): void {}

  async stop(): Promise<void> {
    this.usable = false;
    this.stopped = true;
  }
}

describe("IdleSweep", () => {
  let workers: Idler[];
  let sweep: IdleSweep;

  function sweepOf(count: number, minWorkers: number, idleTimeout = 10): void {
    workers = Array.from({ length: count }, () => new Idler());
    const links = {
      [Symbol.iterator]: () => workers.values() as unknown as Iterator<WorkerLink>,
      get size() {
        return workers.length;
      },
      get kept() {
        return workers.filter(({ stopped }) => !stopped).length;
      },
    };
    sweep = new IdleSweep(links as LinkSet, { minWorkers, idleTimeout }, 1_000);
  }

  const stopped = (): boolean[] => workers.map((worker) => worker.stopped);

  afterEach(() => sweep.stop());

  it("ends those that nobody needs, the longest idle first, and keeps as many as it must", async () => {
    sweepOf(3, 1);
    for (const [index, worker] of workers.entries()) worker.idleSince -= [200, 300, 100][index] ?? 0;
    sweep.watch();
    await until(() => stopped().includes(true));
    expect(stopped()).to.deep.equal([true, true, false]);
  });

  it("leaves alone those that have tasks or do not take any", async () => {
    sweepOf(4, 0);
    Object.assign(workers[0] as Idler, { running: 1 });
    Object.assign(workers[1] as Idler, { usable: false });
    sweep.watch();
    await until(() => stopped().filter(Boolean).length === 2);
    expect(stopped()).to.deep.equal([false, false, true, true]);
  });

  it("looks again when one has not been idle for long enough", async () => {
    sweepOf(1, 0, 30);
    sweep.watch();
    (workers[0] as Idler).idleSince = performance.now() + 20;
    await until(() => stopped()[0] === true);
    expect(performance.now() - (workers[0] as Idler).idleSince).to.be.at.least(29);
  });

  it("does not look where there are no more than it must keep, nor when it was stopped", async () => {
    sweepOf(1, 1, 1);
    sweep.watch();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(stopped()).to.deep.equal([false]);
    sweepOf(1, 0, 1);
    sweep.watch();
    sweep.stop();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(stopped()).to.deep.equal([false]);
  });
});
