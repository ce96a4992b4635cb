import { expect } from "chai";
import { Task } from "#src/executors/task.js";
import { WaitingTasks, depthOf } from "#src/executors/waiting-tasks.js";
import { noOwner } from "../support/no-owner.js";

describe("WaitingTasks", () => {
  let waiting: WaitingTasks;
  /** What workers have before its turn, how many may be there, and what they have begun without having said so. */
  let ahead: Task[];
  let room: number;
  let begun: Set<Task>;
  let told: Task[];
  let nextId: number;

  beforeEach(() => {
    [ahead, room, begun, told, nextId] = [[], 2, new Set(), [], 1];
    waiting = new WaitingTasks({
      ageing: 1_000,
      takesAhead: (depth) => ahead.length < Math.min(room, depth),
      send: (task) => ahead.push(task),
      recall(task) {
        if (begun.has(task)) return false;
        ahead = ahead.filter((other) => other !== task);
        return true;
      },
      begun: (task) => told.push(task),
    });
  });

  /** One that came after those before it. */
  function made(options: { readonly priority?: number } = {}, args: readonly unknown[] = []): Task {
    const id = nextId++;
    return new Task(
      id,
      { token: "T", method: `m${id}`, stream: false, context: undefined, options },
      args,
      noOwner,
      id,
    );
  }

  function push(...tasks: readonly Task[]): void {
    for (const each of tasks) waiting.push(each);
  }

  function shiftAll(): Task[] {
    const shifted: Task[] = [];
    for (let next = waiting.shift(100); next !== undefined; next = waiting.shift(100)) shifted.push(next);
    return shifted;
  }

  it("sends as many as workers take, in the order in which they are due, and they still wait", () => {
    const [a, b, c] = [made(), made({ priority: 1 }), made()];
    push(a, b, c);
    waiting.sendAhead(7);
    expect(ahead).to.deep.equal([b, a]);
    expect(waiting.size).to.equal(3);
    expect([shiftAll(), ahead, waiting.size]).to.deep.equal([[b, a, c], [], 0]);
  });

  it("sends no more than it is told to", () => {
    push(made(), made());
    waiting.sendAhead(0);
    expect(ahead).to.deep.equal([]);
    waiting.sendAhead(1);
    expect(ahead).to.have.lengthOf(1);
  });

  it("sends none past one that cannot be taken back", () => {
    const [plain, memory, later] = [made(), made({}, [new Uint8Array(1)]), made()];
    push(plain, memory, later);
    waiting.sendAhead(7);
    expect(ahead).to.deep.equal([plain]);
    expect(shiftAll()).to.deep.equal([plain, memory, later]);
  });

  it("takes back what one that is more urgent goes before, and nothing else", () => {
    const [low, high] = [made({ priority: -1 }), made({ priority: 2 })];
    push(high, low);
    waiting.sendAhead(7);
    const urgent = made({ priority: 1 });
    push(urgent);
    expect(ahead).to.deep.equal([high]);
    waiting.sendAhead(7);
    expect(ahead).to.deep.equal([high, urgent]);
    expect(shiftAll()).to.deep.equal([high, urgent, low]);
  });

  it("takes one that is removed back from its worker", () => {
    const [a, b, c] = [made(), made(), made()];
    push(a, b, c);
    waiting.sendAhead(7);
    expect([waiting.remove(a), waiting.remove(c), waiting.remove(a)]).to.deep.equal([true, true, false]);
    expect([ahead, waiting.size]).to.deep.equal([[b], 1]);
  });

  it("tells of one that was to be removed, but with which its worker has begun", () => {
    const [a, b] = [made(), made()];
    push(a, b);
    waiting.sendAhead(7);
    begun.add(a);
    expect([waiting.remove(a), told, waiting.size]).to.deep.equal([false, [a], 1]);
    expect([waiting.remove(a), told]).to.deep.equal([false, [a]]);
  });

  it("leaves one with which its worker has begun where it is, until that is said", () => {
    const [a, b] = [made(), made()];
    push(a, b);
    waiting.sendAhead(7);
    begun.add(a);
    push(made({ priority: 1 }));
    expect([ahead, told, waiting.size]).to.deep.equal([[a], [], 3]);
    expect([shiftAll().length, told, waiting.size]).to.deep.equal([2, [], 1]);
  });

  it("gives those with which workers do not begin their old places back", () => {
    const [a, b, c] = [made(), made(), made()];
    push(a, b, c);
    const before = performance.now();
    waiting.sendAhead(7);
    waiting.recallStuck(before - 1);
    expect(ahead).to.deep.equal([a, b]);
    begun.add(b);
    waiting.recallStuck(performance.now());
    expect([ahead, told, waiting.size]).to.deep.equal([[b], [], 3]);
    begun.clear();
    expect(shiftAll()).to.deep.equal([b, a, c]);
  });

  it("gives out all that no worker has begun", () => {
    const [a, b, c] = [made(), made(), made()];
    push(a, b, c);
    waiting.sendAhead(7);
    begun.add(a);
    expect([waiting.drain(), told, waiting.size]).to.deep.equal([[b, c], [a], 0]);
  });

  it("has one that comes back from its worker at its old place", () => {
    const [a, b, c] = [made(), made(), made()];
    push(a, b, c);
    waiting.sendAhead(7);
    waiting.putBack(b);
    expect(waiting.size).to.equal(3);
    expect(shiftAll()).to.deep.equal([a, b, c]);
  });

  it("forgets one whose turn has come", () => {
    const a = made();
    push(a);
    waiting.sendAhead(7);
    waiting.forget(a);
    expect([waiting.size, waiting.remove(a)]).to.deep.equal([0, false]);
  });
});

describe("depthOf", () => {
  it("is how many tasks make up the work that a worker may have ahead, 7 at most", () => {
    const means = [0.001, 0.07, 0.1, 0.2, 0.26, 0.5, 0.51, 20];
    expect(means.map((mean) => depthOf(0.5, mean))).to.deep.equal([7, 7, 5, 2, 1, 1, 0, 0]);
  });

  it("is none while nobody knows how long tasks take", () => expect(depthOf(0.5, 0)).to.equal(0));
});
