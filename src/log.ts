import { inspect } from "node:util";

/** The three streams, so that they can be routed apart: requests, the application's own faults, Waterspout's. */
export type LogStream = "access" | "application" | "general";
export type LogLevel = "debug" | "info" | "warn" | "error";

/** One line of the log. `error` is printed with its stack and causes; `fields` are for machine-readable sinks. */
export interface LogRecord {
  readonly time: Date;
  readonly stream: LogStream;
  readonly level: LogLevel;
  readonly message: string;
  readonly error?: unknown;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Where records go. It is called synchronously and must not throw; if it does, the record falls back to stderr. */
export type LogSink = (record: LogRecord) => void;

type Details = Pick<LogRecord, "error" | "fields">;

/** Writes to one stream. Source: the three loggers of `tornado.log`. */
export class Logger {
  readonly #stream: LogStream;

  constructor(stream: LogStream) {
    this.#stream = stream;
  }

  debug(message: string, details?: Details): void {
    emit(this.#stream, "debug", message, details);
  }

  info(message: string, details?: Details): void {
    emit(this.#stream, "info", message, details);
  }

  warn(message: string, details?: Details): void {
    emit(this.#stream, "warn", message, details);
  }

  error(message: string, details?: Details): void {
    emit(this.#stream, "error", message, details);
  }

  log(level: LogLevel, message: string, details?: Details): void {
    emit(this.#stream, level, message, details);
  }
}

export const accessLog = new Logger("access");
export const applicationLog = new Logger("application");
export const generalLog = new Logger("general");

const rank: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

let sink: LogSink = writeLine;
let threshold: LogLevel = "info";
let label = "";

/** Replaces the sink and returns the one before it. Default: Tornado's line format on stderr. */
export function setLogSink(next: LogSink): LogSink {
  const previous = sink;
  sink = next;
  return previous;
}

/** Records below this level are dropped before they are formatted. Default: `"info"`. */
export function setLogLevel(level: LogLevel): void {
  threshold = level;
}

export function logLevel(): LogLevel {
  return threshold;
}

/** Names this process in every line, for example by its task id. Default: empty. */
export function setLogLabel(next: string): void {
  label = next;
}

function emit(stream: LogStream, level: LogLevel, message: string, details: Details | undefined): void {
  if (rank[level] < rank[threshold]) return;
  const record: LogRecord = { time: new Date(), stream, level, message, ...details };
  try {
    sink(record);
  } catch (failure) {
    // A logger that throws must not turn an answer into a crash: say both on stderr and go on.
    writeLine(record);
    writeLine({ time: new Date(), stream: "general", level: "error", message: "the log sink failed", error: failure });
  }
}

function writeLine(record: LogRecord): void {
  process.stderr.write(`${formatRecord(record)}\n`);
}

/**
 * Tornado's line: `[I 261123 05:44:15 access] 200 GET / (127.0.0.1) 0.71ms`. Lines after the first are indented and
 * control characters escaped, so that a client cannot forge a log line.
 */
export function formatRecord(record: LogRecord): string {
  const head = `[${record.level[0]?.toUpperCase()} ${stamp(record.time)} ${label}${record.stream}]`;
  const text = "error" in record ? `${record.message}\n${errorText(record.error)}` : record.message;
  return `${head} ${printable(text)}`;
}

/** The stack of an error with its causes and own fields, or the printed form of anything else. */
function errorText(error: unknown): string {
  return inspect(error, { depth: 4, breakLength: 120 });
}

function printable(text: string): string {
  return text
    .replaceAll(/\r?\n/g, "\n    ")
    .replaceAll(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
      (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`,
    );
}

function stamp(time: Date): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = `${two(time.getFullYear() % 100)}${two(time.getMonth() + 1)}${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
