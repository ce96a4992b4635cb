import { expect } from "chai";
import { Slot } from "#src/process/slot.js";
import type { WorkerHandle } from "#src/process/worker-handle.js";

describe("Slot", () => {
  let slot: Slot;
  let started: number;
  const [one, other] = [{}, {}] as [WorkerHandle, WorkerHandle];

  beforeEach(() => {
    slot = new Slot(3);
    started = 0;
  });

  const start = (): void => void started++;

  describe("#release", () => {
    it("lets the successor take over from a child that has ended", () => {
      slot.current = one;
      slot.successor = other;
      slot.release(one);
      expect(slot.children).to.deep.equal([other]);
      expect(slot.current).to.equal(other);
    });

    it("keeps the child that serves when its successor has ended", () => {
      slot.current = one;
      slot.successor = other;
      slot.release(other);
      expect(slot.current).to.equal(one);
      expect(slot.successor).to.equal(undefined);
    });

    it("leaves nobody when there was no successor", () => {
      slot.current = one;
      slot.release(one);
      expect(slot.children).to.deep.equal([]);
    });
  });

  describe("#restartAfter", () => {
    it("starts when the time has come, once", async () => {
      await new Promise<void>((resolve) => {
        slot.restartAfter(1, () => {
          start();
          resolve();
        });
        expect(slot.waiting).to.equal(true);
      });
      expect(slot.waiting).to.equal(false);
      slot.restartNow();
      expect([started, slot.restarts]).to.deep.equal([1, 1]);
    });
  });

  describe("#restartNow", () => {
    it("does not wait any longer", () => {
      slot.restartAfter(60_000, start);
      slot.restartNow();
      expect([started, slot.waiting]).to.deep.equal([1, false]);
    });

    it("does nothing where nothing waits", () => {
      slot.restartNow();
      expect(started).to.equal(0);
    });
  });

  describe("#cancel", () => {
    it("forgets what waits", () => {
      slot.restartAfter(60_000, start);
      slot.cancel();
      slot.restartNow();
      expect([started, slot.waiting]).to.deep.equal([0, false]);
    });
  });
});
