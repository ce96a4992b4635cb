import { inspect } from "node:util";
import { ConfigurationError } from "./errors.js";
import { type LogLevel, type LogSettings, setDefaultLogSink, setLogLevel } from "./log.js";
import { taskId } from "./process/role.js";
import { defaultRedacted, setRedacted } from "./redaction.js";

const formats = ["lines", "json"];
const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/**
 * Makes the log of this process what the application says; called when a program starts to serve, in a child and in the
 * primary. A sink that the application has set itself stays.
 *
 * @throws ConfigurationError naming what is out of range.
 */
export async function useLogging(settings: LogSettings = {}): Promise<void> {
  const { format = defaultFormat(), level, redact = defaultRedacted } = settings;
  refuse("format", format, formats);
  if (level !== undefined) {
    refuse("level", level, levels);
    setLogLevel(level);
  }
  setRedacted(redact);
  if (format === "lines") return;
  const { jsonSink } = await import("./json-log.js");
  setDefaultLogSink(jsonSink({ taskId: taskId(), redact }));
}

function defaultFormat(): "lines" | "json" {
  return process.env["NODE_ENV"] === "production" ? "json" : "lines";
}

function refuse(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new ConfigurationError(`logging.${name} must be one of ${known.join(", ")}, got ${inspect(value)}`);
}
