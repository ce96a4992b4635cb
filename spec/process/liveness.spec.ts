import { expect } from "chai";
import type { ChildFigures } from "#src/process/messages.js";
import { LivenessCheck, type LivingChild } from "#src/process/liveness.js";
import { expectLog } from "../support/log.js";

class Child implements LivingChild {
  readonly name = "child 0 (pid 1)";
  lastHeard = 1;
  kills = 0;
  figures: ChildFigures | undefined;

  kill(): void {
    this.kills += 1;
  }
}

function look(check: LivenessCheck, child: Child, times: number): void {
  for (let time = 0; time < times; time++) check.check(child);
}

describe("LivenessCheck", () => {
  it("kills a child of which nothing was heard at so many looks that the time is over", () => {
    const check = new LivenessCheck(30_000, 1_000);
    const child = new Child();
    look(check, child, 30);
    expect(child.kills).to.equal(0);
    expectLog(/child 0 \(pid 1\) has given no sign of life for 30 s: it is killed/);
    look(check, child, 1);
    expect(child.kills).to.equal(1);
  });

  it("begins anew with each sign of life, and for each child", () => {
    const check = new LivenessCheck(5_000, 1_000);
    const [child, other] = [new Child(), new Child()];
    for (let turn = 0; turn < 3; turn++) {
      look(check, child, 5);
      look(check, other, 5);
      child.lastHeard += 1;
      other.lastHeard += 1;
    }
    expect(child.kills + other.kills).to.equal(0);
  });

  it("leaves a child alone that a debugger may hold", () => {
    const check = new LivenessCheck(5_000, 1_000);
    const child = new Child();
    child.figures = { inspected: true } as ChildFigures;
    look(check, child, 100);
    expect(child.kills).to.equal(0);
  });

  it("never kills with 0", () => {
    const check = new LivenessCheck(0, 1_000);
    const child = new Child();
    look(check, child, 1_000);
    expect(child.kills).to.equal(0);
  });
});
