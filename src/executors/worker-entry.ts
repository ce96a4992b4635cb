// Before the application's module, which may import tsyringe first: it refuses to load without reflect-metadata.
import "../metadata.js";
import { MessageChannel, parentPort, threadId, workerData } from "node:worker_threads";
import { becomeWorker } from "../decorators/calls.js";
import { type LogLevel, setLogLevel } from "../log.js";
import type { ControlMessage, WorkerMessage } from "./protocol.js";
import {
  SlotMemory,
  type ThreadData,
  type ThreadHello,
  type ThreadResult,
  type ThreadTask,
  TaskSlots,
} from "./thread-protocol.js";
import { forwardLog } from "./worker-log.js";
import { redirectOutput } from "./worker-output.js";
import { WorkerSession } from "./worker-session.js";

/**
 * What piscina loads in every thread. It is loaded by `require`, so nothing here may await at the top level, and nothing
 * may throw: piscina never settles the tasks that wait for a thread whose module failed.
 */

const { settings, slots: memory } = workerData as ThreadData;
const slots = new TaskSlots(memory);
const { port1: executor, port2 } = new MessageChannel();
const post = (message: WorkerMessage, transferList: readonly ArrayBuffer[] = []): void =>
  executor.postMessage(message, [...transferList]);

becomeWorker();
setLogLevel(settings.logLevel as LogLevel);
parentPort?.postMessage({ threadId, port: port2 } satisfies ThreadHello, [port2]);
redirectOutput(post);
forwardLog(post);
const session = new WorkerSession(post, settings, (code) => process.exit(code));
process.on("uncaughtException", (error) => session.uncaught(error));
executor.on("message", (message: ControlMessage) => session.handle(message));

/**
 * Runs one task. The reply goes back as the pool's result where that is safe; the pool would end the thread over a result
 * that cannot be cloned, so others have gone through the executor's own line, and the result is undefined.
 */
export function run({ slot, message }: ThreadTask): Promise<ThreadResult> {
  slots.start(slot, threadId);
  return session.attempt(message, new SlotMemory(slots, slot));
}
