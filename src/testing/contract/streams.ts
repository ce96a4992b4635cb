import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { HTTPError } from "../../errors.js";
import { Probe } from "./application.js";
import { collect, rejection, type Rules } from "./stage.js";

export const streams: Rules = {
  async "streams the items of a generator in order, and its return value"({ executor, file }) {
    const stream = executor.stream(Probe, "range", [0, 100, file]);
    const items: unknown[] = [];
    let next = await stream.next();
    for (; next.done !== true; next = await stream.next()) items.push(next.value);
    assert.deepEqual(
      items,
      Array.from({ length: 100 }, (_, index) => index),
    );
    assert.equal(next.value, "all");
  },

  async "lets a stream run no further ahead than its window"({ executor, file, lines, line }) {
    const stream = executor.stream(Probe, "range", [0, 10_000, file]);
    assert.equal((await stream.next()).value, 0);
    await line("8");
    await sleep(50);
    assert.ok((await lines()).length < 64, `${(await lines()).length} items ahead`);
    await stream.return(undefined);
    await line("finally");
  },

  async "ends a generator whose consumer leaves the loop"({ executor, file, line }) {
    for await (const item of executor.stream(Probe, "range", [0, 10_000, file])) if (item === 20) break;
    await line("finally");
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "gives a stream's error after the items before it"({ executor }) {
    const items: unknown[] = [];
    const error = await rejection(collect(executor.stream(Probe, "breakAt", [5]), items));
    assert.ok(error instanceof HTTPError);
    assert.deepEqual([error.status, items], [418, [0, 1, 2, 3, 4]]);
  },

  async "loses no item at the end of a stream"({ executor, file }) {
    for (let length = 1; length <= 40; length++) {
      assert.equal((await collect(executor.stream(Probe, "range", [0, length, file]))).length, length);
    }
  },
};
