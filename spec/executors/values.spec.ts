import { expect } from "chai";
import { SerializationError } from "#src/errors.js";
import { decodeValues, encodeValues, restoreValues } from "#src/executors/values.js";

/** There and not back. */
function sent(values: readonly unknown[], signalAt?: (index: number, aborted: boolean) => AbortSignal): unknown[] {
  const { values: encoded, marks } = structuredClone({ ...encodeValues(values), signals: [] });
  return decodeValues(encoded, marks, signalAt);
}

describe("values on their way", () => {
  it("keep Buffers, which a clone turns into Uint8Arrays", () => {
    const [buffer, bytes, text] = sent([Buffer.from("waterspout"), Uint8Array.of(1), "text"]);
    expect(Buffer.isBuffer(buffer)).to.equal(true);
    expect(String(buffer)).to.equal("waterspout");
    expect(Buffer.isBuffer(bytes)).to.equal(false);
    expect(text).to.equal("text");
  });

  it("have a live signal where there was one, and it is told whether it had aborted", () => {
    const told: unknown[] = [];
    const live = new AbortController().signal;
    const [first, second, third] = sent([new AbortController().signal, 1, AbortSignal.abort()], (index, aborted) => {
      told.push([index, aborted]);
      return live;
    });
    expect([first, second, third]).to.deep.equal([live, 1, live]);
    expect(told).to.deep.equal([
      [0, false],
      [2, true],
    ]);
  });

  it("say which signals are to be forwarded, and where they stand", () => {
    const { signal } = new AbortController();
    expect(encodeValues([1, signal])).to.deep.include({ signals: [signal], marks: { buffers: [], signals: [1] } });
  });

  it("are not touched when there is nothing special among them", () => {
    const values = [1, { a: 1 }, null, undefined];
    expect(encodeValues(values)).to.include({ values, marks: undefined });
  });

  it("cannot be a signal where none is expected", () => {
    expect(() => sent([AbortSignal.abort()])).to.throw(SerializationError, "an AbortSignal cannot be a result");
  });

  it("cannot be a signal beyond those that threads can read", () => {
    const values: unknown[] = Array.from({ length: 32 }, () => 1);
    expect(encodeValues([...values.slice(1), AbortSignal.abort()]).signals).to.have.lengthOf(1);
    expect(() => encodeValues([...values, AbortSignal.abort()])).to.throw(SerializationError, "first 32 arguments");
  });

  it("come back as they were, with the memory that was moved", () => {
    const { signal } = new AbortController();
    const originals = [Buffer.alloc(2), signal, new Uint8Array(2), "text"];
    const returned = [Uint8Array.of(1, 2), { aborted: false }, Uint8Array.of(3), "text"];
    const [buffer, same, bytes, text] = restoreValues(originals, returned);
    expect(Buffer.isBuffer(buffer)).to.equal(true);
    expect([...(buffer as Buffer)]).to.deep.equal([1, 2]);
    expect([same, bytes, text]).to.deep.equal([signal, Uint8Array.of(3), "text"]);
  });
});
