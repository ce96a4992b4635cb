import { expect } from "chai";
import { refuseDetached } from "#src/executors/detached.js";

/** A view whose memory was moved away. */
function detached<T extends ArrayBufferView<ArrayBuffer>>(view: T): T {
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

describe("refuseDetached", () => {
  const bytes = detached(new Uint8Array(8));
  const places: Record<string, unknown> = {
    "an argument": bytes,
    "a Buffer": detached(Buffer.from(new ArrayBuffer(8))),
    "a DataView": detached(new DataView(new ArrayBuffer(8))),
    "a member": { image: { bytes } },
    "an item": [[1, bytes]],
    "a key": new Map([[bytes, 1]]),
    "a value of a Map": new Map([[1, { bytes }]]),
    "a value of a Set": new Set([[bytes]]),
  };

  for (const [place, value] of Object.entries(places)) {
    it(`finds it as ${place}`, () => {
      expect(() => refuseDetached([1, value], true)).to.throw(TypeError, "detached");
    });
  }

  it("has nothing against what is empty, shared or a circle", () => {
    const circle: unknown[] = [];
    circle.push(circle, { circle });
    const values = [new Uint8Array(0), Buffer.alloc(0), new Uint8Array(new SharedArrayBuffer(0)), circle, null, "text"];
    expect(() => refuseDetached([values, new Map([[values, values]])], true)).not.to.throw();
  });

  it("goes to any depth", () => {
    let nested: unknown = bytes;
    for (let depth = 0; depth < 50_000; depth++) nested = [nested];
    expect(() => refuseDetached([nested], true)).to.throw(TypeError, "detached");
  });

  it("looks at nothing where Node does it itself", () => {
    expect(() => refuseDetached([bytes], false)).not.to.throw();
  });
});
