import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { CancelledError, HTTPError, SerializationError } from "../../errors.js";
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

  async "ends a generator whose consumer fails, and gives the consumer its error"({ executor, file, line }) {
    const consume = async (): Promise<void> => {
      for await (const item of executor.stream(Probe, "range", [0, 10_000, file])) {
        if (item === 3) throw new RangeError("the consumer's");
      }
    };
    assert.equal((await rejection(consume())).message, "the consumer's");
    await line("finally");
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "ends a generator whose signal aborts, and gives the consumer a CancelledError"({ executor, file, line }) {
    const controller = new AbortController();
    const stream = executor.stream(Probe, "range", [0, 10_000, file], { signal: controller.signal });
    await stream.next();
    controller.abort();
    assert.ok((await rejection(collect(stream))) instanceof CancelledError);
    await line("finally");
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "names an item that cannot be cloned, and ends the generator"({ executor, file, line }) {
    const items: unknown[] = [];
    const error = await rejection(collect(executor.stream(Probe, "oddItems", [file]), items));
    assert.ok(error instanceof SerializationError);
    assert.deepEqual([error.path, items], ["yield.when", [{ when: 1 }]]);
    await line("finally");
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "submits nothing before the first item is asked for"({ executor, file, lines }) {
    const stream = executor.stream(Probe, "range", [0, 5, file]);
    await executor.submit(Probe, "add", [1, 1]);
    await stream.return(undefined);
    assert.deepEqual(await lines(), []);
  },

  async "refuses to stream what is no generator, and to submit what is one"({ executor, file }) {
    const single = rejection(collect(executor.stream(Probe, "add" as never, [1, 1] as never)));
    assert.match((await single).message, /Probe\.add is no generator/);
    const whole = rejection(executor.submit(Probe, "range" as never, [0, 5, file] as never));
    assert.match((await whole).message, /Probe\.range is a generator/);
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },
};
