// Before the application's module, which may import tsyringe first: it refuses to load without reflect-metadata.
import "../metadata.js";
import { becomeWorker } from "../decorators/calls.js";
import { type LogLevel, setLogLevel } from "../log.js";
import { becomeWorkerProcess } from "../worker-process.js";
import { refuseDetached } from "./detached.js";
import { giveOwnMemory } from "./own-memory.js";
import type { ControlMessage, TaskMessage, WorkerMessage, WorkerSettings } from "./protocol.js";
import type { SentTask } from "./running-task.js";
import { forwardLog } from "./worker-log.js";
import { WorkerSession } from "./worker-session.js";

/** What an executor forks. The first message is the settings, what follows are tasks and what concerns them, in order. */

/** No memory is shared: a task learns by messages alone, between its turns of the event loop. */
const sent: SentTask = { begin: () => true, isCancelled: () => false, isArgumentAborted: () => false };

const send = process.send?.bind(process);
if (send === undefined) throw new Error("this file is started by a ProcessPoolExecutor and not by hand");
// The line is the executor's. Libraries that look for a process manager's would write to it.
delete process.send;

const post = (message: WorkerMessage, done: () => void = ignore): void =>
  void send(message, undefined, undefined, done);
let session: WorkerSession | undefined;

// The terminal's Ctrl-C reaches all processes of the program; the executor ends this one when it is no longer needed.
process.on("SIGINT", ignore);
process.on("SIGTERM", () => (session === undefined ? process.exit(143) : session.retire()));
// The executor's process has ended, or has no more use for this one.
process.on("disconnect", () => process.exit(0));
process.once("message", (settings: WorkerSettings) => {
  session = begin(settings);
});

function begin(settings: WorkerSettings): WorkerSession {
  becomeWorker();
  becomeWorkerProcess(settings.taskId);
  setLogLevel(settings.logLevel as LogLevel);
  forwardLog((message) => post(message));
  // A transfer list is not needed: between processes everything is a copy.
  const begun = new WorkerSession((message) => post(checked(message)), settings, exit);
  process.on("uncaughtException", (error) => begun.uncaught(error));
  process.on("message", (message: ControlMessage | TaskMessage) => {
    giveOwnMemory(message);
    if ("type" in message) begun.handle(message);
    else begun.run(message, sent);
  });
  return begun;
}

function checked(message: WorkerMessage): WorkerMessage {
  refuseDetached([message]);
  return message;
}

/** Not before all that was posted is written: what is left in Node's hands is lost at the exit. */
function exit(): void {
  post({ type: "stopped" }, () => process.exit(1));
}

function ignore(): void {}
