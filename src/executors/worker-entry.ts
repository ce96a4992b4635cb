// Before the application's module, which may import tsyringe first: it refuses to load without reflect-metadata.
import "../metadata.js";
// Each application imports it; here, where it is loaded by `require`, that takes a thread two thirds of the time and memory.
// oxlint-disable-next-line no-restricted-imports -- loaded for those who import it by the package's name
import "../index.js";
import { becomeWorker } from "../decorators/calls.js";
import { type LogLevel, setLogLevel } from "../log.js";
import type { ControlMessage } from "./protocol.js";
import type { Post } from "./session-tasks.js";
import { type Pace, giveWay } from "./thread-niceness.js";
import { ThreadSlot, TaskSlots } from "./task-slots.js";
import { type ThreadBirth, type ThreadTask, isTask, packReport, unpackTask } from "./thread-protocol.js";
import { forwardLog } from "./worker-log.js";
import { redirectOutput } from "./worker-output.js";
import { WorkerSession } from "./worker-session.js";

/**
 * What piscina loads in every thread. It is loaded by `require`, so nothing here may await at the top level, and nothing
 * may throw: piscina never settles the tasks that wait for a thread whose module failed.
 */

/** The only task that piscina gives a thread: it becomes a worker. All others come through its own line. */
export function begin({ settings, slots: memory, port, niceness }: ThreadBirth): void {
  let pace: Pace | undefined;
  const post: Post = (message, transferList) => {
    // Not before: what waits for a thread that starts waits for all of its start.
    if (message.type === "ready") pace = giveWay(niceness);
    else if (message.type === "reply") pace?.taskEnded();
    port.postMessage(packReport(message), transferList as ArrayBuffer[] | undefined);
  };
  becomeWorker();
  setLogLevel(settings.logLevel as LogLevel);
  redirectOutput(post);
  forwardLog(post);
  const slots = new TaskSlots(memory);
  const session = new WorkerSession(post, settings, () => process.exit(1));
  process.on("uncaughtException", (error) => session.uncaught(error));
  port.on("message", (received: ControlMessage | ThreadTask) => {
    if (!isTask(received)) return session.handle(received);
    const { ticket, message } = unpackTask(received);
    session.run(message, new ThreadSlot(slots, ticket));
  });
}
