import type { Acquired } from "../concurrent.js";
import { type TaskRunner, restoreContext } from "../context.js";
import { CancelledError, ConfigurationError, SerializationError } from "../errors.js";
import { generalLog } from "../log.js";
import { encodeError } from "./error-codec.js";
import type { TaskControl, Reply, TaskMessage, WorkerMessage } from "./protocol.js";
import { RunningTask, type TaskMemory } from "./running-task.js";
import { transferListOf } from "./transfer.js";
import { serializationError } from "./uncloneable.js";
import { decodeValues, encodeValues } from "./values.js";

/** How a worker talks to its executor; memory in the list is moved where that is possible. Throws for what cannot be cloned. */
export type Post = (message: WorkerMessage, transferList?: readonly ArrayBuffer[]) => void;

type Method = (this: object, ...args: unknown[]) => unknown;

/** What a session is made of. */
export interface SessionParts {
  readonly post: Post;
  readonly acquire: (token: string) => Acquired | Promise<Acquired>;
  readonly runner: TaskRunner;
  /** Called after each task, before its reply. */
  readonly ended?: () => void;
  /** Called after its reply. */
  readonly answered?: () => void;
}

/**
 * Runs calls where they are to be run and answers each with exactly one reply. Nothing that a method returns or throws
 * gets past it.
 */
export class SessionTasks {
  readonly #parts: SessionParts;
  readonly #running = new Map<number, RunningTask>();

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** How many calls run now. */
  get running(): number {
    return this.#running.size;
  }

  /** Runs one call and posts its reply; that of a result which cannot be cloned is an error. Never rejects. */
  async run(message: TaskMessage, memory: TaskMemory): Promise<void> {
    const task = new RunningTask(message, memory);
    this.#running.set(message.id, task);
    let acquired: Acquired | undefined;
    let reply: Reply;
    try {
      const acquiring = this.#parts.acquire(message.token);
      acquired = acquiring instanceof Promise ? await acquiring : acquiring;
      reply = encodeResult(await this.#call(acquired.instance, message, task));
    } catch (error) {
      reply = { ok: false, error: encodeError(error) };
    }
    if (acquired?.release !== undefined) await released(acquired.release);
    this.#end(message, reply);
  }

  /** Acts on a message of the executor. One for a task that has ended is late, not wrong. */
  handle(message: TaskControl): void {
    this.#running.get(message.id)?.handle(message);
  }

  #end(message: TaskMessage, reply: Reply): void {
    this.#running.delete(message.id);
    this.#parts.runner.end();
    this.#parts.ended?.();
    this.#reply(message, reply);
    this.#parts.answered?.();
  }

  #call(instance: object, message: TaskMessage, task: RunningTask): unknown {
    if (task.cancelled) throw new CancelledError();
    const method = methodOf(instance, message);
    const args = decodeValues(message.args, message.marks, (index, aborted) => task.signalAt(index, aborted));
    const body = (): unknown => {
      const result = method.apply(instance, args);
      checkKind(result, message);
      return message.stream === true ? this.#stream(result as AsyncGenerator<unknown>, message, task) : result;
    };
    return this.#parts.runner.run(task, () => restoreContext(message.context, body));
  }

  /** Sends item after item, never more than there are credits; ends the generator when nobody wants the rest. */
  async #stream(items: AsyncGenerator<unknown>, message: TaskMessage, task: RunningTask): Promise<unknown> {
    try {
      for (let next = await items.next(); !task.cancelled; next = await items.next()) {
        if (next.done === true) return next.value;
        const { values, marks } = encodeValues([next.value]);
        this.#send(
          { type: "item", id: message.id, value: values[0], ...(marks && { marks }) },
          next.value,
          "yield",
          message,
        );
        await task.credit();
      }
      return undefined;
    } finally {
      // Runs the generator's own `finally` when it is left early; after its end this does nothing.
      await items.return(undefined);
    }
  }

  #reply(message: TaskMessage, reply: Reply): void {
    try {
      this.#send(
        { type: "reply", id: message.id, reply },
        reply.ok === true ? reply.value : undefined,
        "result",
        message,
      );
    } catch (error) {
      this.#parts.post({ type: "reply", id: message.id, reply: { ok: false, error: encodeError(error) } });
    }
  }

  #send(message: WorkerMessage, value: unknown, root: string, { token, method, transfer }: TaskMessage): void {
    try {
      this.#parts.post(message, transferListOf([value], transfer === true));
    } catch (cause) {
      throw serializationError(value, root, `${token}.${method}`, cause);
    }
  }
}

async function released(release: NonNullable<Acquired["release"]>): Promise<void> {
  await release().catch((error: unknown) => generalLog.error("ending a task failed", { error }));
}

/** Only what the class itself brings: `constructor` and what every object inherits are no methods to call. */
function methodOf(instance: object, { token, method }: TaskMessage): Method {
  const found: unknown = method in Object.prototype ? undefined : (instance as Record<string, unknown>)[method];
  if (typeof found === "function") return found as Method;
  throw new ConfigurationError(`${token} has no method "${method}" to run on an executor`);
}

/** A generator is read item by item, and nothing else is. */
function checkKind(result: unknown, { token, method, stream }: TaskMessage): void {
  const isExpected = stream === true;
  const isStream = typeof result === "object" && result !== null && Symbol.asyncIterator in result;
  if (isStream === isExpected) return;
  const instead = isExpected ? "no generator: call it with submit" : "a generator: call it with stream";
  throw new ConfigurationError(`${token}.${method} is ${instead}`);
}

function encodeResult(value: unknown): Reply {
  if (value instanceof AbortSignal) throw new SerializationError("an AbortSignal cannot be a result", "result");
  if (typeof value !== "object" || value === null) return { ok: true, value };
  const { values, marks } = encodeValues([value]);
  return { ok: true, value: values[0], ...(marks && { marks }) };
}
