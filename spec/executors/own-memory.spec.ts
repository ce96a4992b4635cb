import { expect } from "chai";
import { giveOwnMemory } from "#src/executors/own-memory.js";

describe("giveOwnMemory", () => {
  const memory = new Uint8Array(64).fill(7).buffer;
  const views = (): [Uint8Array, Float64Array, DataView] => [
    new Uint8Array(memory, 1, 3),
    new Float64Array(memory, 8, 2),
    new DataView(memory, 5, 4),
  ];

  it("copies the visible part of views, wherever they stand", () => {
    const [bytes, floats, data] = views();
    const message = {
      list: [bytes, 1],
      map: new Map<unknown, unknown>([
        ["key", floats],
        [data, 2],
      ]),
      set: new Set([data]),
    };
    giveOwnMemory(message);
    const copies = [message.list[0], message.map.get("key"), [...message.map.keys()][1], [...message.set][0]];
    expect(copies.map((view) => (view as ArrayBufferView).buffer.byteLength)).to.deep.equal([3, 16, 4, 4]);
    expect(copies.map((view) => (view as ArrayBufferView).byteOffset)).to.deep.equal([0, 0, 0, 0]);
    expect([message.list[0], message.map.get("key")]).to.deep.equal([bytes, floats]);
    expect(copies[2]).to.be.instanceOf(DataView);
  });

  it("leaves alone what has its own memory already, and Buffers", () => {
    const own = new Uint8Array(4);
    const buffer = Buffer.from(memory, 4, 4);
    const message = { own, buffer };
    giveOwnMemory(message);
    expect(message.own).to.equal(own);
    expect(message.buffer).to.equal(buffer);
  });

  it("takes circles, depth, and what is no object", () => {
    const circle: { self?: unknown; bytes: Uint8Array } = { bytes: views()[0] };
    circle.self = circle;
    let deep: unknown = circle;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    giveOwnMemory(deep);
    expect(circle.bytes.buffer.byteLength).to.equal(3);
    for (const value of [undefined, null, "text", 1n]) giveOwnMemory(value);
  });
});
