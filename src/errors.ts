/** Every error that Waterspout throws, each with the stable `code` that `docs/errors.md` lists. */

/** What a coded error may carry besides its message. */
export interface ErrorDetails {
  /** The error that led to this one; logged, never sent to a client. */
  readonly cause?: unknown;
}

/**
 * The base of all errors of this package: `code` is stable and documented, `status` is what a client is answered when
 * the error ends a request, `retryable` says whether the same call may succeed if it is simply made again.
 */
export class WaterspoutError extends Error {
  readonly code: string;
  readonly status: number = 500;
  readonly retryable: boolean = false;

  constructor(code: string, message: string, details?: ErrorDetails) {
    super(message, details);
    this.code = code;
    // The name lives on the prototype, so that subclasses of users get theirs without a line of code.
    Object.defineProperty(this, "name", {
      value: new.target.name,
      configurable: true,
      enumerable: false,
      writable: true,
    });
  }

  /** Header fields that the answer to a client carries, for example `Retry-After`. */
  get responseHeaders(): Readonly<Record<string, string>> {
    return {};
  }
}

// ---- start

/**
 * The application cannot start as it is written: a route, an option or a decorator contradicts a rule. The message names
 * the place and says what to change. Thrown before anything listens, so that a mistake never waits for the first request.
 */
export class ConfigurationError extends WaterspoutError {
  constructor(message: string, details?: ErrorDetails) {
    super("CONFIGURATION", message, details);
  }
}

/** A class cannot be constructed by injection; the message shows the path from the handler to the parameter at fault. */
export class InjectionError extends WaterspoutError {
  constructor(message: string, details?: ErrorDetails) {
    super("INJECTION", message, details);
  }
}

/** An operating-system or set-up fault while starting, for example a port that is in use. */
export class StartError extends WaterspoutError {
  constructor(message: string, details?: ErrorDetails) {
    super("START", message, details);
  }
}

// ---- a request

/** What else an {@link HTTPError} says; see its constructor. */
export interface HTTPErrorOptions extends ErrorDetails {
  /** Replaces the standard reason phrase in the status line and on the page; printable ASCII without `<`. */
  readonly reason?: string;
  /** Added to the answer, for example `{ "WWW-Authenticate": "Basic" }`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Members added to an `application/problem+json` answer (RFC 9457, section 3.2); shown to the client. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/**
 * Ends the request with a status. `logMessage` goes to the log and never to the client; what the client may see is the
 * status, `reason` and `extensions`.
 *
 * @example
 * throw new HTTPError(404, `no such sprocket: ${id}`);
 *
 * Source: Tornado's `tornado.web.HTTPError`.
 */
export class HTTPError extends WaterspoutError {
  override readonly status: number;
  readonly logMessage: string | undefined;
  readonly reason: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(status: number, logMessage?: string, options: HTTPErrorOptions = {}) {
    if (!Number.isInteger(status) || status < 300 || status > 599) {
      throw new RangeError(`HTTPError: status must be an integer from 300 to 599, got ${String(status)}`);
    }
    super("HTTP", logMessage ? `HTTP ${status}: ${logMessage}` : `HTTP ${status}`, causeOf(options));
    this.status = status;
    this.logMessage = logMessage;
    this.reason = options.reason;
    this.headers = options.headers ?? {};
    this.extensions = options.extensions ?? {};
  }

  override get responseHeaders(): Readonly<Record<string, string>> {
    return this.headers;
  }
}

/** A required argument is absent: 400, with the argument's name in the log. Source: Tornado. */
export class MissingArgumentError extends HTTPError {
  readonly argument: string;

  constructor(argument: string) {
    super(400, `Missing argument ${argument}`);
    this.argument = argument;
  }
}

/**
 * Ends the request where it is thrown, without an error: what was written so far (and `chunk`, if given) is the answer.
 *
 * Source: Tornado's `tornado.web.Finish`.
 */
export class Finish extends WaterspoutError {
  readonly chunk: unknown;

  constructor(chunk?: unknown) {
    super("FINISH", "the request was finished early");
    this.chunk = chunk;
  }
}

/** Something of the request was used where there is none: in a constructor, on a worker, or after the request's end. */
export class RequestNotAvailableError extends WaterspoutError {
  constructor(message: string) {
    super("REQUEST_NOT_AVAILABLE", message);
  }
}

/** `write`, `setHeader` or `setStatus` came too late, or the response contradicts itself (a body on 204, a wrong length). */
export class ResponseError extends WaterspoutError {
  constructor(message: string) {
    super("RESPONSE", message);
  }
}

/** The client's connection ended before its request was complete or its answer was sent. Nobody is left to be answered. */
export class ClientClosedError extends WaterspoutError {
  override readonly status = 400;

  constructor(message = "the client closed the connection") {
    super("CLIENT_CLOSED", message);
  }
}

/** A message was sent to a WebSocket that is closed or closing, or that was not open yet. Source: Tornado. */
export class WebSocketClosedError extends WaterspoutError {
  constructor(message = "the WebSocket is closed") {
    super("WEBSOCKET_CLOSED", message);
  }
}

// ---- executors

/**
 * The pool's queue is full; `retryAfter` is the pool's own estimate, in whole seconds, of when there is room again. It has no
 * stack: that takes eight times as long as all else of it (16 µs of 18, Node 20), when there is least time.
 */
export class QueueFullError extends WaterspoutError {
  override readonly status = 503;
  override readonly retryable = true;
  readonly retryAfter: number;

  constructor(message: string, retryAfter: number) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super("QUEUE_FULL", message);
    Error.stackTraceLimit = stackTraceLimit;
    this.retryAfter = retryAfter;
  }

  override get responseHeaders(): Readonly<Record<string, string>> {
    return { "Retry-After": String(this.retryAfter) };
  }
}

/** A clock ran out: `phase` says whether the task was still waiting (`queueTimeout`) or running (`deadline`). */
export class DeadlineExceededError extends WaterspoutError {
  override readonly status = 504;
  override readonly retryable: boolean;
  readonly phase: "queued" | "running";

  constructor(message: string, phase: "queued" | "running") {
    super("DEADLINE_EXCEEDED", message);
    this.phase = phase;
    this.retryable = phase === "queued";
  }
}

/** The task was cancelled: `future.cancel()`, an aborted signal, or a client that left. */
export class CancelledError extends WaterspoutError {
  override readonly status = 503;

  constructor(message = "the task was cancelled", details?: ErrorDetails) {
    super("CANCELLED", message, details);
  }
}

/** The worker that ran the task ended: `process.exit`, a crash, an uncaught exception of a neighbour. */
export class WorkerCrashedError extends WaterspoutError {
  override readonly retryable: boolean;
  readonly exitCode: number | undefined;

  constructor(
    message: string,
    options: ErrorDetails & { readonly exitCode?: number; readonly retryable?: boolean } = {},
  ) {
    super("WORKER_CRASHED", message, causeOf(options));
    this.exitCode = options.exitCode;
    this.retryable = options.retryable ?? false;
  }
}

/** The worker that ran the task ran into its memory limit (`resourceLimits`) and was replaced. */
export class WorkerOutOfMemoryError extends WaterspoutError {
  constructor(message: string, details?: ErrorDetails) {
    super("WORKER_OUT_OF_MEMORY", message, details);
  }
}

/** A worker could not start: its module throws, never calls `bootstrap`, or `configure` fails there. */
export class WorkerBootError extends WaterspoutError {
  override readonly status = 503;
  override readonly retryable = true;

  constructor(message: string, details?: ErrorDetails) {
    super("WORKER_BOOT", message, details);
  }
}

/** An argument or a result cannot cross to another thread; `path` names the value, as in `result.rows[3].when`. */
export class SerializationError extends WaterspoutError {
  readonly path: string;

  constructor(message: string, path: string, details?: ErrorDetails) {
    super("SERIALIZATION", message, details);
    this.path = path;
  }
}

/** The executor is shut down, or its application has not been started. */
export class ExecutorClosedError extends WaterspoutError {
  override readonly status = 503;

  constructor(message: string) {
    super("EXECUTOR_CLOSED", message);
  }
}

/** `instanceof Error`, and false for a proxy that cannot be asked. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}

/** Turns whatever was thrown into an Error, so that a thrown string or `null` is handled like any other failure. */
export function toError(thrown: unknown): Error {
  if (isError(thrown)) return thrown;
  if (typeof thrown === "string") return new Error(thrown, { cause: thrown });
  return new Error(`a value that is not an Error was thrown: ${describe(thrown)}`, { cause: thrown });
}

/** The text of any value, whatever its own `toString` does. */
function describe(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `[${typeof value}]`;
  }
}

function causeOf(options: ErrorDetails): ErrorDetails {
  return "cause" in options ? { cause: options.cause } : {};
}

/** All of these classes: errors keep theirs on the way from a worker. (A namespace of the module would be a file more in every thread.) */
export const errorClasses = [
  WaterspoutError,
  ConfigurationError,
  InjectionError,
  StartError,
  HTTPError,
  MissingArgumentError,
  Finish,
  RequestNotAvailableError,
  ResponseError,
  ClientClosedError,
  WebSocketClosedError,
  QueueFullError,
  DeadlineExceededError,
  CancelledError,
  WorkerCrashedError,
  WorkerOutOfMemoryError,
  WorkerBootError,
  SerializationError,
  ExecutorClosedError,
] as const;
