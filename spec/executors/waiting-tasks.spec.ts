import { expect } from "chai";
import { Task } from "#src/executors/task.js";
import { WaitingTasks } from "#src/executors/waiting-tasks.js";

const owner = { abandoned: () => {}, begun: () => {}, replied: () => {}, crashed: () => {} };

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
      takeBack(task) {
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
    return new Task(id, { token: "T", method: `m${id}`, stream: false, context: undefined, options }, args, owner, id);
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

  it("tells of one with which its worker has begun, and does not give it out", () => {
    const [a, b] = [made(), made()];
    push(a, b);
    waiting.sendAhead(7);
    begun.add(a);
    expect([waiting.remove(a), told, waiting.size]).to.deep.equal([false, [a], 1]);
    begun.add(b);
    expect([waiting.shift(100), told, waiting.size]).to.deep.equal([undefined, [a, b], 0]);
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
    waiting.leave(a);
    expect([waiting.size, waiting.remove(a)]).to.deep.equal([0, false]);
  });
});
