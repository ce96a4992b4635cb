import { expect } from "chai";
import type { ChildFigures } from "#src/process/messages.js";
import { Recycler } from "#src/process/recycler.js";
import type { ReplacementOutcome } from "#src/process/replacement.js";
import type { WorkerHandle } from "#src/process/worker-handle.js";
import { expectLog, logged } from "../support/log.js";

describe("Recycler", () => {
  let asked: WorkerHandle[];
  let settle: (outcome: ReplacementOutcome) => void;
  let recycler: Recycler;

  beforeEach(() => {
    asked = [];
    recycler = new Recycler({ maxRequests: 10, maxMemoryMb: 0, maxLostThreads: 0 }, (child) => {
      asked.push(child);
      return new Promise((resolve) => (settle = resolve));
    });
  });

  function childWith(figures: Partial<ChildFigures> | undefined): WorkerHandle {
    const all = {
      requests: 0,
      rss: 0,
      eventLoopDelay: 0,
      lostThreads: 0,
      blockedLoops: 0,
      droppedConnections: 0,
      draining: false,
      inspected: false,
      ...figures,
    };
    return { name: "child 2 (pid 5)", figures: figures && all } as unknown as WorkerHandle;
  }

  it("replaces a child that has had its time, and says why", () => {
    const child = childWith({ requests: 11 });
    recycler.check(child);
    expect(asked).to.deep.equal([child]);
    expect(logged("general")).to.deep.equal([
      "child 2 (pid 5) has answered 11 requests (maxRequests is 10): it will be replaced",
    ]);
  });

  it("leaves others, those that have told nothing and those that drain", () => {
    for (const figures of [{ requests: 9 }, undefined, { requests: 11, draining: true }]) {
      recycler.check(childWith(figures));
    }
    expect(asked).to.deep.equal([]);
  });

  it("asks once while a replacement goes on", async () => {
    const child = childWith({ requests: 11 });
    recycler.check(child);
    recycler.check(child);
    expect(asked).to.have.length(1);
    settle({ kind: "abandoned" });
    await turn();
    recycler.check(child);
    expect(asked).to.have.length(2);
  });

  it("says that the new one could not serve, and leaves the child alone for a while", async () => {
    expectLog(/child 2 \(pid 5\) could not be replaced and serves on: child 2 \(pid 6\) exited with status 1$/);
    const child = childWith({ requests: 11 });
    recycler.check(child);
    settle({ kind: "failed", reason: "child 2 (pid 6) exited with status 1" });
    await turn();
    recycler.check(child);
    expect(asked).to.have.length(1);
  });
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
