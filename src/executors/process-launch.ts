import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { toError } from "../errors.js";
import { ownFile } from "../on-demand.js";

const entry = fileURLToPath(ownFile("executors/process-entry.js"));

/** By which node:cluster and Waterspout tell a process that it is a child; a worker is none, whoever started it. */
const childVariables = ["NODE_UNIQUE_ID", "WATERSPOUT_TASK_ID"];

/** Takes the next argument as its value. */
const evaluation = /^(-e|--eval|-p|--print|-pe)$/;
/** What concerns this process alone: code from the command line, and a debugger whose port is taken. */
const ownArguments = /^(-e|--eval|-p|--print|-pe|-i|--interactive|--input-type.*|--inspect.*|--watch.*)$/;

/**
 * Starts a worker process: our entry with the arguments, the environment and the output of this process. Its input is empty.
 *
 * @param maxOldSpaceMb V8's limit for it; undefined leaves it to V8.
 * @returns the reason instead where the system refuses at once; other refusals come as the child's `error`.
 */
export function launchWorker(maxOldSpaceMb: number | undefined): ChildProcess | Error {
  try {
    return fork(entry, process.argv.slice(2), {
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: environment(),
      execArgv: [...execArguments(process.execArgv), ...limit(maxOldSpaceMb)],
    });
  } catch (error) {
    return toError(error);
  }
}

function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !childVariables.includes(name)));
}

/** The arguments of node itself that a worker is to have, too. */
export function execArguments(given: readonly string[]): string[] {
  return given.filter(
    (argument, index) => !ownArguments.test(argument) && !(index > 0 && evaluation.test(given[index - 1] ?? "")),
  );
}

function limit(maxOldSpaceMb: number | undefined): string[] {
  return maxOldSpaceMb === undefined ? [] : [`--max-old-space-size=${maxOldSpaceMb}`];
}
