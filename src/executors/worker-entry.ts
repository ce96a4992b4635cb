// Before the application's module, which may import tsyringe first: it refuses to load without reflect-metadata.
import "../metadata.js";
// Each application imports it; here, where it is loaded by `require`, that takes a thread two thirds of the time and memory.
// oxlint-disable-next-line no-restricted-imports -- loaded for those who import it by the package's name
import "../index.js";
import { becomeWorker } from "../decorators/calls.js";
import { type LogLevel, setLogLevel } from "../log.js";
import type { ControlMessage } from "./protocol.js";
import type { Post } from "./session-tasks.js";
import { SlotMemory, type ThreadBirth, type ThreadResult, type ThreadTask, TaskSlots } from "./thread-protocol.js";
import { forwardLog } from "./worker-log.js";
import { redirectOutput } from "./worker-output.js";
import { WorkerSession } from "./worker-session.js";

/**
 * What piscina loads in every thread. It is loaded by `require`, so nothing here may await at the top level, and nothing
 * may throw: piscina never settles the tasks that wait for a thread whose module failed.
 */

let session: WorkerSession | undefined;
let slots: TaskSlots | undefined;

/** The first task of a thread: it becomes a worker. */
export function begin({ settings, slots: memory, port }: ThreadBirth): void {
  const post: Post = (message, transferList = []) => port.postMessage(message, [...transferList]);
  becomeWorker();
  setLogLevel(settings.logLevel as LogLevel);
  redirectOutput(post);
  forwardLog(post);
  slots = new TaskSlots(memory);
  const begun = new WorkerSession(post, settings, () => process.exit(1));
  session = begun;
  process.on("uncaughtException", (error) => begun.uncaught(error));
  port.on("message", (message: ControlMessage) => begun.handle(message));
}

/**
 * Runs one task. The reply goes back as the pool's result where that is safe; the pool would end the thread over a result
 * that cannot be cloned, so others have gone through the executor's own line, and the result is undefined.
 */
export async function run({ slot, message }: ThreadTask): Promise<ThreadResult> {
  if (session === undefined || slots === undefined) return { ok: "refused" };
  slots.begin(slot);
  return session.attempt(message, new SlotMemory(slots, slot));
}
