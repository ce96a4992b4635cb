import assert from "node:assert/strict";
import { SerializationError } from "../../errors.js";
import { move } from "../../executors/transfer.js";
import { Probe } from "./application.js";
import { rejection, type Rules } from "./stage.js";

export const values: Rules = {
  async "gives a Buffer as a Buffer, both ways"({ executor }) {
    const echoed = await executor.submit(Probe, "echo", [Buffer.from("waterspout")]);
    assert.ok(Buffer.isBuffer(echoed));
    assert.equal(echoed.toString(), "waterspout");
  },

  async "names the place of a result that cannot be cloned, and lives on"({ executor }) {
    const error = await rejection(executor.submit(Probe, "uncloneable", []));
    assert.ok(error instanceof SerializationError);
    assert.equal(error.path, "result.rows[1].when");
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "names the place of an argument that cannot be cloned"({ executor }) {
    const argument = { deep: [() => 1] } as unknown as number;
    const error = await rejection(executor.submit(Probe, "add", [1, argument]));
    assert.ok(error instanceof SerializationError);
    assert.equal(error.path, "argument 1.deep[0]");
  },

  async "moves or copies what is moved: the bytes arrive, and come back"({ executor }) {
    const bytes = new Uint8Array(1_000_000).fill(41);
    const result = await executor.submit(Probe, "increment", [move(bytes)]);
    assert.deepEqual([result.byteLength, result[0], result.at(-1)], [1_000_000, 42, 42]);
  },

  async "leaves the sender's array alone unless it is moved"({ executor }) {
    const bytes = new Uint8Array(8).fill(1);
    await executor.submit(Probe, "increment", [bytes]);
    assert.deepEqual([...bytes], [1, 1, 1, 1, 1, 1, 1, 1]);
  },

  async "takes all memory of a call with transfer, and gives it back"({ executor }) {
    const result = await executor.submit(Probe, "increment", [new Uint8Array(64).fill(1)], { transfer: true });
    assert.deepEqual([result.byteLength, result[63]], [64, 2]);
  },

  async "names an argument whose memory was moved before, and lives on"({ executor }) {
    const bytes = new Uint8Array(8);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    for (const options of [{}, { transfer: true }]) {
      const error = await rejection(executor.submit(Probe, "increment", [move(bytes)], options));
      assert.ok(error instanceof SerializationError);
      assert.equal(error.path, "argument 0");
    }
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "rejects arguments that trap whoever looks at them, and lives on"({ executor }) {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    assert.ok((await rejection(executor.submit(Probe, "add", [1, proxy as number]))) instanceof SerializationError);
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },
};
