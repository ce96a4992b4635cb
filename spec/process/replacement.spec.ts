import { expect } from "chai";
import type { ChildEnding } from "#src/process/ending.js";
import { replaceChild, type ReplacementOutcome } from "#src/process/replacement.js";
import { Slot } from "#src/process/slot.js";
import type { WorkerHandle } from "#src/process/worker-handle.js";

/** A child without a process: the test says when it is ready and when it is gone. */
class Child {
  asked = false;
  readonly wasReady = false;
  readonly bootFailure = undefined;
  readonly ready: Promise<boolean>;
  readonly gone: Promise<ChildEnding>;
  become!: (isReady: boolean) => void;
  end!: (ending: ChildEnding) => void;

  constructor(readonly name: string) {
    this.ready = new Promise((resolve) => (this.become = resolve));
    this.gone = new Promise((resolve) => (this.end = resolve));
  }

  get handle(): WorkerHandle {
    return this as unknown as WorkerHandle;
  }
}

const exited: ChildEnding = { kind: "exited", status: 3 };

describe("replaceChild", () => {
  let slot: Slot;
  let old: Child;
  let next: Child;
  let steps: string[];

  beforeEach(() => {
    steps = [];
    slot = new Slot(0);
    old = new Child("old");
    next = new Child("new");
    slot.current = old.handle;
  });

  function replace(stableTime = 0): Promise<ReplacementOutcome> {
    const host = {
      succeed: (): WorkerHandle => {
        steps.push("forked");
        return (slot.successor = next.handle);
      },
      dismiss: (child: WorkerHandle): void => void steps.push(`${child.name} dismissed`),
    };
    return replaceChild(slot, host, stableTime);
  }

  it("dismisses the old child when the new one has been ready for a while, and ends with the old one", async () => {
    const outcome = replace().then((settled) => {
      steps.push("settled");
      return settled;
    });
    await turn();
    expect(steps).to.deep.equal(["forked"]);
    next.become(true);
    while (steps.length < 2) await turn();
    expect(steps).to.deep.equal(["forked", "old dismissed"]);
    expect(slot.children).to.deep.equal([next.handle]);
    old.end(exited);
    expect(await outcome).to.deep.equal({ kind: "replaced", by: next.handle });
  });

  it("leaves the old child alone when the new one does not become ready", async () => {
    const outcome = replace();
    next.become(false);
    next.end(exited);
    expect(await outcome).to.deep.equal({ kind: "failed", reason: "new exited with status 3" });
    expect(steps).to.deep.equal(["forked"]);
    expect(slot.current).to.equal(old.handle);
  });

  it("leaves it alone, too, when the new one ends before its time", async () => {
    const outcome = replace(60_000);
    next.become(true);
    await turn();
    next.end(exited);
    expect((await outcome).kind).to.equal("failed");
    expect(steps).to.deep.equal(["forked"]);
  });

  it("is abandoned when the new child was asked to end", async () => {
    const outcome = replace(60_000);
    next.become(true);
    await turn();
    next.asked = true;
    next.end({ kind: "exited", status: 0 });
    expect(await outcome).to.deep.equal({ kind: "abandoned" });
    expect(steps).to.deep.equal(["forked"]);
  });

  it("is done when the old child has ended before, and the new one has its place already", async () => {
    const outcome = replace();
    slot.release(old.handle);
    old.end(exited);
    next.become(true);
    expect(await outcome).to.deep.equal({ kind: "replaced", by: next.handle });
    expect(slot.current).to.equal(next.handle);
  });
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
