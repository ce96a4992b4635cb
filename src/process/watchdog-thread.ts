/** The thread that sees when the event loop of a child stands still, and where. It imports as little as it can. */
import { writeSync } from "node:fs";
import type { Debugger, Session } from "node:inspector";
import { setTimeout as delay } from "node:timers/promises";
import { isMainThread, workerData } from "node:worker_threads";
import { describePosition } from "../source-position.js";
import { encodeStall } from "./stall.js";
import { type WatchdogData, word } from "./watchdog-protocol.js";

/** How many calls of a stack are told. */
const depth = 30;

/** The program imports no thread's module, but whoever reads the package module by module must not start anything. */
if (!isMainThread) await watch(workerData as WatchdogData);

// Time is counted in its own turns, not read from a clock: a process that was stopped as a whole has not stalled.
async function watch(data: WatchdogData): Promise<void> {
  const words = new Int32Array(data.memory);
  let missing = 0;
  let seen = Atomics.load(words, word.beats);
  while (Atomics.wait(words, word.stop, 0, data.interval) === "timed-out") {
    const beats = Atomics.load(words, word.beats);
    missing = beats === seen ? missing + 1 : 0;
    seen = beats;
    const looks = missing === data.patience && Atomics.load(words, word.inspected) === 0;
    if (looks) await report(missing * data.interval, data);
  }
}

async function report(duration: number, data: WatchdogData): Promise<void> {
  const stack = await mainThreadStack(data).catch(() => null);
  try {
    writeSync(data.descriptor, encodeStall({ duration, stack }));
  } catch {
    // Whoever would read it has gone.
  }
}

/** Interrupts the main thread for as long as it takes to read where it is; null when it is not in JavaScript. */
async function mainThreadStack({ within, sourceMaps }: WatchdogData): Promise<string[] | null> {
  const { Session: Inspector } = await import("node:inspector");
  const session = new Inspector();
  session.connectToMainThread();
  try {
    return await Promise.race([pausedStack(session, sourceMaps), delay(within, null)]);
  } finally {
    session.post("Debugger.resume");
    // A pause that has not happened yet is forgotten.
    session.disconnect();
  }
}

function pausedStack(session: Session, mapped: boolean): Promise<string[]> {
  return new Promise((resolve) => {
    const urls = new Map<string, string>();
    session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
    session.once("Debugger.paused", ({ params }) => {
      resolve(params.callFrames.slice(0, depth).map((frame) => describeFrame(frame, urls, mapped)));
    });
    session.post("Debugger.enable");
    session.post("Debugger.pause");
  });
}

function describeFrame(
  { functionName, location }: Debugger.CallFrame,
  urls: ReadonlyMap<string, string>,
  mapped: boolean,
): string {
  const { scriptId, lineNumber: line, columnNumber: column = 0 } = location;
  const url = urls.get(scriptId) || "<unknown>";
  return `${functionName || "<anonymous>"} (${describePosition({ url, line, column }, mapped)})`;
}
