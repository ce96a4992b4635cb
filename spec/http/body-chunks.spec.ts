import { expect } from "chai";
import { BodyChunks } from "#src/http/body-chunks.js";
import type { BodySink } from "#src/http/body-reader.js";

/** A body whose reader a spec plays: it holds when the sink does. */
function chunksOf(...texts: readonly string[]): { chunks: BodyChunks; events: string[] } {
  const events: string[] = [];
  const chunks = new BodyChunks(async (sink: BodySink) => {
    events.push("start");
    try {
      for (const text of texts) {
        events.push(`read ${text}`);
        await sink(Buffer.from(text));
      }
      events.push("end");
    } catch (error) {
      events.push((error as Error).message);
      throw error;
    }
  });
  return { chunks, events };
}

describe("BodyChunks", () => {
  it("gives one chunk after the other, each when the one before was worked on", async () => {
    const { chunks, events } = chunksOf("a", "b");
    expect(events).to.deep.equal([]);
    for await (const chunk of chunks) events.push(`got ${chunk.toString()}`);
    expect(events).to.deep.equal(["start", "read a", "got a", "read b", "got b", "end"]);
    expect(await chunks.next()).to.deep.equal({ done: true, value: undefined });
  });

  it("ends at once for an empty body", async () => {
    const { chunks } = chunksOf();
    expect(await chunks.next()).to.deep.equal({ done: true, value: undefined });
  });

  for (const [how, leave] of [
    ["left", (): boolean => true],
    [
      "left by an error",
      (): boolean => {
        throw new Error("enough");
      },
    ],
  ] as const) {
    it(`stops its reader when the loop is ${how}`, async () => {
      const { chunks, events } = chunksOf("a", "b");
      const loop = async (): Promise<void> => {
        for await (const _ of chunks) if (leave()) break;
      };
      await loop().catch(() => {});
      await Promise.resolve();
      expect(events).to.deep.equal(["start", "read a", "the rest of the body is not wanted"]);
      expect(await chunks.next()).to.deep.equal({ done: true, value: undefined });
    });
  }

  it("reads nothing when it is left before it began", async () => {
    const { chunks, events } = chunksOf("a");
    await chunks.return();
    expect(await chunks.next()).to.deep.equal({ done: true, value: undefined });
    expect(events).to.deep.equal([]);
  });

  it("rejects once with what ended the body, whether somebody waits or not", async () => {
    let fail: ((error: Error) => void) | undefined;
    const failing = new BodyChunks(async (sink) => {
      void sink(Buffer.from("a"));
      await new Promise((_, reject) => (fail = reject));
    });
    expect((await failing.next()).value?.toString()).to.equal("a");
    const next = failing.next().catch((error: Error) => error.message);
    fail?.(new Error("lost"));
    expect(await next).to.equal("lost");
    expect(await failing.next()).to.deep.equal({ done: true, value: undefined });
    const late = new BodyChunks((sink) => {
      void sink(Buffer.from("a"));
      return Promise.reject(new Error("lost"));
    });
    await late.next();
    await Promise.resolve();
    expect(await late.next().catch((error: Error) => error.message)).to.equal("lost");
    expect(await late.next()).to.deep.equal({ done: true, value: undefined });
  });
});
