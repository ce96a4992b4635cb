import { inspect } from "node:util";
import { isMainThread } from "node:worker_threads";
import { ConfigurationError, InjectionError, StartError, WorkerBootError } from "./errors.js";

/** Errors whose message is written for the one who can mend what is wrong; a stack would only bury it. */
const explaining = [ConfigurationError, InjectionError, StartError, WorkerBootError];

/**
 * What to say when `error` keeps a program from starting: its message, and where the application's own code threw if that
 * is the cause. Undefined when the error does not explain itself, so that its stack is wanted.
 */
export function startFailureText(error: unknown): string | undefined {
  const explains = explaining.find((target) => error instanceof target);
  if (explains === undefined) return undefined;
  const { message, cause } = error as Error;
  const place = placeOf(cause);
  return place === undefined ? message : `${message} (thrown at ${place})`;
}

/**
 * Runs a step of the start. When it fails by an error that explains itself, and nobody catches that, the program prints the
 * message alone and exits 1; Node would print a line of this package's code, a stack and the error's fields. To a caller
 * that catches it the rejection is like any other.
 */
export async function explained<R>(step: () => Promise<R>): Promise<R> {
  try {
    return await step();
  } catch (error) {
    explainIfUncaught(error);
    throw error;
  }
}

/** In a thread the error belongs to whoever started it, and a program that listens by itself decides by itself. */
function explainIfUncaught(error: unknown): void {
  const text = startFailureText(error);
  if (text === undefined || !isMainThread || process.listenerCount("uncaughtException") > 0) return;
  const end = (uncaught: unknown): void => {
    process.stderr.write(uncaught === error ? `${(error as Error).name}: ${text}\n` : `${inspect(uncaught)}\n`);
    process.exit(1);
  };
  process.on("uncaughtException", end);
  // A rejection that nobody catches is reported before the next turn of the loop.
  setImmediate(() => process.off("uncaughtException", end));
}

const ownFiles = ["./", "../src/"].map((folder) => new URL(folder, import.meta.url).pathname);

/** The uppermost line of the application in a stack: neither Node's nor this package's. */
function placeOf(cause: unknown): string | undefined {
  const { stack } = (cause ?? {}) as { stack?: unknown };
  if (typeof stack !== "string") return undefined;
  const frames = [...stack.matchAll(/^ +at (?:.*\()?((?:file:\/\/)?\/[^()]+:\d+:\d+)\)?$/gm)];
  return frames.map(([, place = ""]) => place).find((place) => !ownFiles.some((folder) => place.includes(folder)));
}
