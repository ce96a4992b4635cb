import { inspect } from "node:util";

/** The three streams, so that they can be routed apart: requests, the application's own faults, Waterspout's. */
export type LogStream = "access" | "application" | "general";
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a machine reads of a line beside its text. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One line of the log. `error` is printed with its stack and causes; `fields` are for machine-readable sinks. */
export interface LogRecord {
  readonly time: Date;
  readonly stream: LogStream;
  readonly level: LogLevel;
  readonly message: string;
  readonly error?: unknown;
  /** Worked out when it is read: a sink that prints text alone does not pay for it. */
  readonly fields?: LogFields | undefined;
}

/** How a program logs; see `docs/logging.md`. A sink that the program sets by `setLogSink` comes before `format`. */
export interface LogSettings {
  /** `"lines"` are Tornado's, for people; `"json"` is one object a line, by pino. Default: `"json"` when NODE_ENV is production. */
  readonly format?: "lines" | "json";
  /** Records below it are dropped. Default: `"info"`. */
  readonly level?: LogLevel;
  /**
   * Names of query parameters (in a line's target) and of fields (in JSON) whose values are shown as `[redacted]`; they
   * replace the default ones. Default: `password`, `token`, `secret` and other usual names of credentials.
   */
  readonly redact?: readonly string[];
}

/** Where records go. It is called synchronously and must not throw; if it does, the record falls back to stderr. */
export type LogSink = (record: LogRecord) => void;

/** What is logged beside a message; fields that cost something are given by a function. */
interface Details {
  readonly error?: unknown;
  readonly fields?: LogFields | (() => LogFields);
}

/** A record whose fields are not worked out yet. */
class Entry implements LogRecord {
  readonly time = new Date();
  readonly stream: LogStream;
  readonly level: LogLevel;
  readonly message: string;
  declare readonly error?: unknown;
  #fields: Details["fields"];

  constructor(stream: LogStream, level: LogLevel, message: string, details: Details | undefined) {
    this.stream = stream;
    this.level = level;
    this.message = message;
    if (details !== undefined && "error" in details) this.error = details.error;
    this.#fields = details?.fields;
  }

  get fields(): LogFields | undefined {
    if (typeof this.#fields === "function") this.#fields = this.#fields();
    return this.#fields;
  }
}

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
/** Whether the sink is the application's choice and not a default of ours. */
let chosen = false;
let threshold: LogLevel = "info";
let label = "";

/** Replaces the sink and returns the one before it. Default: what `logging` of the application says, or lines on stderr. */
export function setLogSink(next: LogSink): LogSink {
  const previous = sink;
  sink = next;
  chosen = true;
  return previous;
}

/** Replaces the sink unless the application has chosen one by {@link setLogSink}. */
export function setDefaultLogSink(next: LogSink): void {
  if (!chosen) sink = next;
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
  if (rank[level] >= rank[threshold]) passOn(new Entry(stream, level, message, details));
}

/** Logs a record that was made elsewhere, in a worker for example. */
export function passOn(record: LogRecord): void {
  try {
    sink(record);
  } catch (failure) {
    // A logger that throws must not turn an answer into a crash: say both on stderr and go on.
    writeLine(record);
    writeLine({ time: new Date(), stream: "general", level: "error", message: "the log sink failed", error: failure });
  }
}

/** Where a person reads, warnings and errors stand out (https://no-color.org). */
const colours = process.stderr.isTTY && !process.env["NO_COLOR"];
const codes: Record<LogLevel, number> = { debug: 34, info: 32, warn: 33, error: 31 };

function writeLine(record: LogRecord): void {
  const line = formatRecord(record);
  process.stderr.write(`${colours ? coloured(line, record.level) : line}\n`);
}

function coloured(line: string, level: LogLevel): string {
  const end = line.indexOf("]") + 1;
  return `\u001b[${codes[level]}m${line.slice(0, end)}\u001b[0m${line.slice(end)}`;
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
