import { appendFileSync } from "node:fs";
import { singleton } from "tsyringe";
import { defineApplication } from "../../bootstrap.js";
import { AsyncLocalStorage } from "node:async_hooks";
import { ExecutorContext, carryContext } from "../../context.js";
import { RunOnExecutor } from "../../decorators/run-on-executor.js";
import { HTTPError } from "../../errors.js";
import { registerError } from "../../executors/error-classes.js";
import { move } from "../../executors/transfer.js";

/** The application that executors run in their contract: a service that does everything a task may do, and may not. */

const never = new Int32Array(new SharedArrayBuffer(4));

function block(milliseconds: number): void {
  Atomics.wait(never, 0, 0, milliseconds);
}

@singleton()
export class Counter {
  #count = 0;

  next(): number {
    return ++this.#count;
  }
}

/** Travels with every task. */
export const tenant = new AsyncLocalStorage<string>();
carryContext("contract:tenant", tenant);

/** A class of the user's own that keeps its class on the way. Its name is registered wherever the rules are imported. */
export class ProbeError extends Error {
  constructor(readonly row: number) {
    super(`no row ${row}`);
  }
}
registerError(ProbeError);

/** What may be thrown, and is no plain error. */
export const odd = {
  zero: () => 0,
  symbol: () => Symbol("odd"),
  function: () => () => "never called",
  "error in itself"() {
    const error = new AggregateError([], "outer");
    error.errors.push(error);
    error.cause = error;
    return error;
  },
  "error that cannot be read"() {
    const error = Object.assign(new Error("unreadable"), { kept: 1 });
    const get = (): never => {
      throw new Error("a trap");
    };
    return Object.defineProperties(error, { trap: { enumerable: true, get }, cause: { get } });
  },
  "error whose message is a symbol": () => Object.assign(new Error(), { message: Symbol("odd") }),
} satisfies Record<string, () => unknown>;

export type OddKind = keyof typeof odd;

/** Tasks for the contract. Files are how a test sees from outside what a task did. */
@singleton()
export class Probe {
  constructor(private readonly counter: Counter) {}

  @RunOnExecutor()
  async add(a: number, b: number): Promise<number> {
    return a + b;
  }

  @RunOnExecutor()
  async count(): Promise<number> {
    return this.counter.next();
  }

  @RunOnExecutor()
  async nested(a: number): Promise<number> {
    return (await this.add(a, 1)) * 2;
  }

  @RunOnExecutor()
  async echo(value: Buffer): Promise<Buffer> {
    return value;
  }

  @RunOnExecutor()
  async square(value: number): Promise<number> {
    if (value < 0) throw new RangeError(`negative: ${value}`);
    return value * value;
  }

  /** Adds one to every byte, in the memory that it was given. */
  @RunOnExecutor()
  async increment(bytes: Uint8Array): Promise<Uint8Array> {
    bytes.forEach((byte, index) => (bytes[index] = byte + 1));
    return move(bytes);
  }

  @RunOnExecutor()
  async tenant(): Promise<string | undefined> {
    return tenant.getStore();
  }

  @RunOnExecutor()
  async block(milliseconds: number): Promise<void> {
    block(milliseconds);
  }

  @RunOnExecutor()
  async record(file: string, line: string): Promise<void> {
    appendFileSync(file, `${line}\n`);
  }

  /** Reports its start, then waits until it is told to stop. */
  @RunOnExecutor()
  async wait(file: string): Promise<string> {
    appendFileSync(file, "started\n");
    const { signal } = current();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve());
    });
    appendFileSync(file, `aborted: ${(signal.reason as Error).name}\n`);
    return "stopped";
  }

  /** A loop that never yields, and looks by itself whether it is still wanted. */
  @RunOnExecutor()
  async poll(file: string): Promise<void> {
    appendFileSync(file, "started\n");
    while (!current().cancelled) block(1);
    appendFileSync(file, "saw it\n");
  }

  @RunOnExecutor()
  async spin(file: string): Promise<void> {
    appendFileSync(file, "started\n");
    for (;;) block(1_000_000);
  }

  @RunOnExecutor()
  async waitFor(signal: AbortSignal): Promise<string> {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve());
    });
    return "the signal aborted";
  }

  @RunOnExecutor()
  async notFound(): Promise<void> {
    throw new HTTPError(404, "no such thing", { reason: "Gone Fishing", cause: new TypeError("the cause") });
  }

  @RunOnExecutor()
  async fail(message: string): Promise<void> {
    throw Object.assign(new RangeError(message), { code: "E_PROBE", detail: { rows: [1, 2] } });
  }

  @RunOnExecutor()
  async failTogether(): Promise<void> {
    throw new AggregateError([new TypeError("one"), new RangeError("two")], "both");
  }

  @RunOnExecutor()
  async throwValue(value: string | null | undefined): Promise<void> {
    throw value;
  }

  /** Throws what is made to break whoever sends errors. */
  @RunOnExecutor()
  async throwOdd(kind: OddKind): Promise<void> {
    throw odd[kind]();
  }

  @RunOnExecutor()
  async throwRegistered(row: number): Promise<void> {
    throw new ProbeError(row);
  }

  @RunOnExecutor()
  async uncloneable(): Promise<{ rows: { when: number }[] }> {
    return { rows: [{ when: 1 }, { when: (() => 2) as unknown as number }] };
  }

  @RunOnExecutor()
  async exit(code: number): Promise<void> {
    process.exit(code);
  }

  @RunOnExecutor()
  async failLater(message: string): Promise<string> {
    setTimeout(() => {
      throw new Error(message);
    }, 5);
    return "returned before";
  }

  @RunOnExecutor()
  async context(): Promise<{
    token: string;
    requestId: string | undefined;
    traceparent: string | undefined;
    deadline: number | undefined;
  }> {
    const { token, requestId, traceparent, deadline } = current();
    return { token, requestId, traceparent, deadline };
  }

  @RunOnExecutor()
  async *range(from: number, to: number, file: string): AsyncGenerator<number, string> {
    try {
      for (let value = from; value < to; value++) {
        appendFileSync(file, `${value}\n`);
        yield value;
      }
      return "all";
    } finally {
      appendFileSync(file, "finally\n");
    }
  }

  /** Its second item cannot be sent. */
  @RunOnExecutor()
  async *oddItems(file: string): AsyncGenerator<{ when: number }> {
    try {
      yield { when: 1 };
      yield { when: (() => 2) as unknown as number };
      yield { when: 3 };
    } finally {
      appendFileSync(file, "finally\n");
    }
  }

  @RunOnExecutor()
  async *breakAt(value: number): AsyncGenerator<number> {
    for (let next = 0; next < value; next++) yield next;
    throw new HTTPError(418, "no more");
  }
}

function current(): NonNullable<ReturnType<typeof ExecutorContext.current>> {
  const context = ExecutorContext.current();
  if (context === undefined) throw new Error("not in a task");
  return context;
}

export default defineApplication({ handlers: [], accessLog: false });
