import { expect } from "chai";
import { encodeError } from "#src/executors/error-codec.js";
import type { TaskMessage, WorkerMessage } from "#src/executors/protocol.js";
import { isTask, packReport, packTask, unpackReport, unpackTask } from "#src/executors/thread-protocol.js";

const ticket = { slot: 3, generation: 12 };

describe("a task on its way to a thread", () => {
  it("arrives with all that its message has", () => {
    const message: Required<TaskMessage> = {
      id: 7,
      token: "Hasher",
      method: "hash",
      args: [1, "a"],
      marks: { buffers: [0], signals: [1] },
      deadline: 700,
      until: 900,
      requestId: "r-1",
      traceparent: "00-t",
      context: { tenant: "a" },
      moved: true,
      transfer: true,
      stream: true,
    };
    const task = structuredClone(packTask(ticket, message));
    expect([isTask(task), unpackTask(task)]).to.deep.equal([true, { ticket, message }]);
  });

  it("is told from what else the thread is told", () => {
    expect([isTask({ type: "stop" }), isTask({ type: "credit", id: 1, count: 8 })]).to.deep.equal([false, false]);
  });
});

describe("a report of a thread", () => {
  const reports: Record<string, WorkerMessage> = {
    "a result": { type: "reply", id: 7, reply: { ok: true, value: { rows: [1] } } },
    "no result": { type: "reply", id: 7, reply: { ok: true, value: undefined } },
    "a result that is a list": { type: "reply", id: 7, reply: { ok: true, value: [1, 2] } },
    "a result with marks": {
      type: "reply",
      id: 7,
      reply: { ok: true, value: 1, marks: { buffers: [0], signals: [] } },
    },
    "an error": { type: "reply", id: 7, reply: { ok: false, error: encodeError(new Error("no")) } },
    "a refusal": { type: "reply", id: 7, reply: { ok: "refused", args: [1] } },
    "another message": { type: "heap", used: 3 },
  };

  for (const [what, report] of Object.entries(reports)) {
    it(`says ${what}`, () => expect(unpackReport(structuredClone(packReport(report)))).to.deep.equal(report));
  }
});
