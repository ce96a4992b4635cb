import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { HTTPError, WorkerCrashedError } from "../../errors.js";
import { ProbeError, type OddKind, Probe, odd } from "./application.js";
import { rejection, toMessage, type Rules } from "./stage.js";

export const errors: Rules = {
  async "keeps the class, status, reason and cause of an HTTPError"({ executor }) {
    const error = await rejection(executor.submit(Probe, "notFound", []));
    assert.ok(error instanceof HTTPError);
    assert.deepEqual([error.status, error.reason, error.logMessage], [404, "Gone Fishing", "no such thing"]);
    assert.ok(error.cause instanceof TypeError);
    assert.match(error.stack ?? "", /notFound/);
  },

  async "keeps the class, code and data of other errors"({ executor }) {
    const error = await rejection(executor.submit(Probe, "fail", ["out of range"]));
    assert.ok(error instanceof RangeError);
    const { message, code, detail } = error as RangeError & { code: string; detail: unknown };
    assert.deepEqual({ message, code, detail }, { message: "out of range", code: "E_PROBE", detail: { rows: [1, 2] } });
  },

  async "keeps the errors of an AggregateError"({ executor }) {
    const error = await rejection(executor.submit(Probe, "failTogether", []));
    assert.ok(error instanceof AggregateError);
    assert.deepEqual([error.errors[0] instanceof TypeError, error.errors[1] instanceof RangeError], [true, true]);
  },

  async "rejects with an Error whatever is thrown"({ executor }) {
    for (const value of ["text", null, undefined]) {
      const error = await rejection(executor.submit(Probe, "throwValue", [value]));
      assert.ok(error instanceof Error);
      assert.equal(error.cause, value);
    }
  },

  async "rejects with an Error whatever is made to break it, and lives on"({ executor }) {
    for (const kind of Object.keys(odd) as OddKind[]) {
      const error = await rejection(executor.submit(Probe, "throwOdd", [kind]));
      assert.ok(error instanceof Error, kind);
      assert.equal(typeof error.message, "string", kind);
      assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
    }
  },

  async "keeps the class that registerError names"({ executor }) {
    const error = await rejection(executor.submit(Probe, "throwRegistered", [7]));
    assert.ok(error instanceof ProbeError);
    assert.deepEqual([error.row, error.message], [7, "no row 7"]);
  },

  async "reports a worker that exits, and replaces it"({ executor }) {
    const error = await rejection(executor.submit(Probe, "exit", [3]));
    assert.ok(error instanceof WorkerCrashedError);
    assert.equal(error.exitCode, 3);
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "gives no task the error that another one threw after its end"({ executor }) {
    assert.equal(await executor.submit(Probe, "failLater", ["a stranger's"]), "returned before");
    for (let attempt = 0; attempt < 20; attempt++) {
      const error = await executor.submit(Probe, "add", [1, 1]).then(() => undefined, toMessage);
      assert.ok(error === undefined || !error.includes("a stranger's"), error);
      await sleep(2);
    }
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },
};
