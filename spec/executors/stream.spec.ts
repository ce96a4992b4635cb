import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { streamWindow } from "#src/executors/protocol.js";
import { consumeStream } from "#src/executors/stream.js";
import { Task } from "#src/executors/task.js";
import { failure } from "../support/pools.js";
import { noOwner } from "../support/no-owner.js";

describe("consumeStream", () => {
  let task: Task;
  let submitted: number;
  let credits: number[];
  let stream: AsyncGenerator<unknown>;

  beforeEach(() => {
    submitted = 0;
    credits = [];
    const call = { token: "Rows", method: "read", stream: true, context: undefined, options: {} };
    task = new Task(1, call, [], noOwner, 0);
    stream = consumeStream(
      () => {
        submitted++;
        return task;
      },
      (_, count) => credits.push(count),
    );
  });

  const send = (...items: number[]): void => items.forEach((item) => task.onItem?.(item));

  it("submits at the first next, and not before", async () => {
    expect(submitted).to.equal(0);
    const first = stream.next();
    send(1);
    expect([await first, submitted]).to.deep.equal([{ value: 1, done: false }, 1]);
    task.resolve(undefined);
  });

  it("gives what has come before the end, then the end", async () => {
    const first = stream.next();
    send(1, 2);
    task.resolve("all");
    expect(await first).to.deep.equal({ value: 1, done: false });
    expect(await stream.next()).to.deep.equal({ value: 2, done: false });
    expect(await stream.next()).to.deep.equal({ value: "all", done: true });
  });

  it("gives what has come before an error, then the error", async () => {
    const first = stream.next();
    send(1);
    task.reject(new Error("the rest is lost"));
    expect((await first).value).to.equal(1);
    expect((await failure(stream.next())).message).to.equal("the rest is lost");
  });

  it("wakes for what comes while it waits", async () => {
    const first = stream.next();
    await turn();
    send(1);
    await first;
    const second = stream.next();
    await turn();
    task.resolve("end");
    expect(await second).to.deep.equal({ value: "end", done: true });
  });

  it("gives the worker credit for each half window that is consumed", async () => {
    const items = Array.from({ length: streamWindow }, (_, index) => index);
    const first = stream.next();
    send(...items);
    await first;
    expect(credits).to.deep.equal([]);
    for (let consumed = 1; consumed < streamWindow / 2; consumed++) await stream.next();
    expect(credits).to.deep.equal([streamWindow / 2]);
    for (let consumed = 0; consumed < streamWindow / 2; consumed++) await stream.next();
    expect(credits).to.deep.equal([streamWindow / 2, streamWindow / 2]);
    task.resolve(undefined);
  });

  it("cancels the task when it is left, and not after its end", async () => {
    const first = stream.next();
    send(1);
    await first;
    await stream.return(undefined);
    expect(task.state).to.equal("cancelled");
  });
});
