import { expect } from "chai";
import { move, takeBack, transferListOf } from "#src/executors/transfer.js";

describe("transferListOf", () => {
  it("has the memory of what was moved, once", () => {
    const bytes = new Uint8Array(4);
    const words = new Uint16Array(bytes.buffer);
    expect(transferListOf([move(bytes), words, 1, "text"], false)).to.deep.equal([bytes.buffer]);
    expect(transferListOf([bytes], false), "the second time").to.deep.equal([]);
  });

  it("has an ArrayBuffer and a DataView that were moved", () => {
    const [buffer, view] = [new ArrayBuffer(2), new DataView(new ArrayBuffer(3))];
    expect(transferListOf([move(buffer), move(view)], false)).to.deep.equal([buffer, view.buffer]);
  });

  it("has nothing that was not moved", () => {
    expect(transferListOf([new Uint8Array(4), { inside: move(new Uint8Array(4)) }], false)).to.deep.equal([]);
  });

  it("leaves a part of larger memory alone: its neighbours are not the sender's to give", () => {
    const part = new Uint8Array(16).subarray(4, 8);
    expect(transferListOf([move(part), move(Buffer.from("pooled"))], false)).to.deep.equal([]);
    expect(transferListOf([part], true)).to.deep.equal([]);
  });

  it("leaves shared memory alone", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(4));
    expect(transferListOf([move(shared)], false)).to.deep.equal([]);
    expect(transferListOf([shared], true)).to.deep.equal([]);
  });

  it("leaves empty memory alone, as that is which was moved before", () => {
    const gone = new Uint8Array(4);
    structuredClone(gone, { transfer: [gone.buffer] });
    expect(transferListOf([move(gone), move(new ArrayBuffer(0))], false)).to.deep.equal([]);
    expect(transferListOf([gone], true)).to.deep.equal([]);
  });

  it("has all memory, wherever it stands, when all is to be moved", () => {
    const buffers = Array.from({ length: 5 }, () => new Uint8Array(1));
    const [a, b, c, d, e] = buffers as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const circle: { self?: unknown; list: unknown[] } = { list: [a, new Map([[{ key: b }, c]]), new Set([d])] };
    circle.self = circle;
    const found = transferListOf([circle, a, e], true);
    expect(found).to.have.members(buffers.map(({ buffer }) => buffer));
  });

  it("takes an object that is nested deeper than the stack is", () => {
    const bytes = new Uint8Array(1);
    let deep: unknown = bytes;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(transferListOf([deep], true)).to.deep.equal([bytes.buffer]);
  });
});

describe("takeBack", () => {
  it("undoes move", () => {
    const bytes = move(new Uint8Array(4));
    takeBack([bytes, 1]);
    expect(transferListOf([bytes], false)).to.deep.equal([]);
  });
});
