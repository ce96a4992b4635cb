import { type LogRecord, passOn, setDefaultLogSink } from "../log.js";
import { type EncodedError, decodeError, encodeError } from "./error-codec.js";
import type { Post } from "./session-tasks.js";

/** A record on its way from a worker to its executor. */
export interface EncodedRecord extends Omit<LogRecord, "error"> {
  readonly error?: EncodedError;
}

/**
 * Lets what this worker logs be written by the process that it works for, in that process's format. A sink that the
 * application's module sets is left alone.
 */
export function forwardLog(post: Post): void {
  setDefaultLogSink((record) => post({ type: "log", record: encodeRecord(record) }));
}

/** Writes a worker's record to this process's log. */
export function logForwarded({ error, ...record }: EncodedRecord): void {
  passOn(error === undefined ? record : { ...record, error: decodeError(error) });
}

function encodeRecord(record: LogRecord): EncodedRecord {
  const { time, stream, level, message, fields } = record;
  return {
    time,
    stream,
    level,
    message,
    ...(fields !== undefined && { fields }),
    ...("error" in record && { error: encodeError(record.error) }),
  };
}
