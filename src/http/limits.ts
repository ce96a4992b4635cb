import { ConfigurationError } from "../errors.js";

/** Bytes, counts and milliseconds within which a connection must stay. All are whole numbers. */
const defaults = {
  /** Longest request line in bytes, method and version included; more is 414. Default 8 KiB. */
  requestLineLimit: 8 * 1024,
  /** All header fields together in bytes; more is 431. Default 16 KiB. */
  headerLimit: 16 * 1024,
  /** Number of header fields; more is 431. Default 100. */
  headerCount: 100,
  /** Body in bytes, counted after decompression; more is 413 and the connection closes. Default 1 MiB. */
  bodyLimit: 1024 * 1024,
  /** Parameters in a query, and again in a form body, counted before anything is parsed; more is 400. Default 1,000. */
  parameterLimit: 1000,
  /** Parts of a `multipart/form-data` body, fields and files together; more is 400. Default 100. */
  partLimit: 100,
  /** Header section of one part in bytes; more is 400. Default 10 KiB. */
  partHeaderLimit: 10 * 1024,
  /** Values of all fields of a `multipart/form-data` body together in bytes, which are kept in memory; more is 413. Default 1 MiB. */
  fieldLimit: 1024 * 1024,
  /** How much of one uploaded file is kept in memory, in bytes; a larger one goes to a temporary file. 0: all do. Default 64 KiB. */
  uploadMemory: 64 * 1024,
  /** Nesting of a JSON body, counted before it is parsed; more is 400. Default 100. */
  jsonDepth: 100,
  /**
   * What a JSON body may weigh, counted before it is parsed; more is 400. Each value weighs 1, each array or object 2 more, each
   * different name of a member 8 more. Default 100,000, for which `JSON.parse` takes up to 25 ms.
   */
  jsonWeight: 100_000,
  /** From the first byte (or the connect) to the end of the header section in ms; later is 408. 0: none. Default 10 s. */
  headersTimeout: 10_000,
  /** From the first byte to the end of the body in ms; later is 408. 0: none. Default 60 s. */
  requestTimeout: 60_000,
  /** How often the timeouts on requests and on sending are checked, in ms: they are late by at most this. Default 1 s. */
  connectionsCheckingInterval: 1_000,
  /** How long a client may take nothing of an answer that waits for it, in ms; then its socket is destroyed. 0: for ever. Default 30 s. */
  sendTimeout: 30_000,
  /**
   * How long a connection without a request stays open, in ms. Default 65 s: above the 60 s of the usual proxy, which must be
   * the one to close, or its next request races the close and is lost.
   */
  keepAliveTimeout: 65_000,
  /**
   * How long the rest of a refused request is read and thrown away before its connection closes, in ms. Closing with unread
   * bytes makes the kernel reset the connection, and the client may never see the answer. Default 1 s.
   */
  closeLinger: 1_000,
  /**
   * How long idle connections stay open in a drain, in ms, answering `Connection: close` to what still arrives. Closing
   * them at once loses the request that a client is just sending. Default 2 s.
   */
  drainLinger: 2_000,
  /** How long a drain waits for requests in flight, in ms, counted from its start; then sockets are destroyed. Default 30 s. */
  gracePeriod: 30_000,
  /**
   * Connections at a time; more are closed unheard. Default 0: as many as the process may have open files, less a reserve; more
   * than that is refused at the start.
   */
  maxConnections: 0,
  /** Connections that the kernel holds before they are accepted. Default 511; the kernel's own limit cuts it silently. */
  backlog: 511,
};

/** What {@link HTTPTransport} and the parsers of this folder keep to; see {@link defaultHTTPSettings} for each. */
export interface HTTPSettings extends Readonly<typeof defaults> {}

export const defaultHTTPSettings: HTTPSettings = Object.freeze(defaults);

type Name = keyof HTTPSettings;

const names = Object.keys(defaults) as Name[];
/** Settings that have a meaning at 0: no timeout, or no waiting. */
const mayBeZero: ReadonlySet<Name> = new Set<Name>([
  "headersTimeout",
  "requestTimeout",
  "sendTimeout",
  "closeLinger",
  "drainLinger",
  "gracePeriod",
  "maxConnections",
  "bodyLimit",
  "parameterLimit",
  "partLimit",
  "fieldLimit",
  "uploadMemory",
]);

/**
 * The defaults with `given` over them, frozen. Undefined means the default.
 *
 * @throws ConfigurationError for an unknown name, a number out of range, or two settings that contradict each other.
 */
export function httpSettings(given: { readonly [K in Name]?: number | undefined } = {}): HTTPSettings {
  const settings = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) settings[known(name)] = checked(name as Name, value);
  }
  refuseContradictions(settings);
  return Object.freeze(settings);
}

function known(name: string): Name {
  if (Object.hasOwn(defaults, name)) return name as Name;
  throw new ConfigurationError(`HTTP settings: there is no "${name}"; the names are ${names.join(", ")}`);
}

/** Timers of Node fire at once above this, which would turn a long timeout into none. */
const longest = 2 ** 31 - 1;

function checked(name: Name, value: number): number {
  const least = mayBeZero.has(name) ? 0 : 1;
  if (Number.isInteger(value) && value >= least && value <= longest) return value;
  throw new ConfigurationError(
    `HTTP settings: ${name} must be an integer from ${least} to ${longest}, got ${String(value)}`,
  );
}

function refuseContradictions(settings: HTTPSettings): void {
  const { headersTimeout, requestTimeout, connectionsCheckingInterval: interval } = settings;
  if (requestTimeout > 0) refuseAbove("headersTimeout", headersTimeout, "requestTimeout", requestTimeout);
  refuseAbove("drainLinger", settings.drainLinger, "gracePeriod", settings.gracePeriod);
  for (const name of ["headersTimeout", "requestTimeout", "sendTimeout"] as const) {
    // Checked more rarely than it runs out, a timeout would be several times as long as written.
    if (settings[name] > 0) refuseAbove("connectionsCheckingInterval", interval, name, settings[name]);
  }
}

function refuseAbove(lower: Name, low: number, upper: Name, high: number): void {
  if (low <= high) return;
  throw new ConfigurationError(`HTTP settings: ${lower} (${low}) must not be above ${upper} (${high})`);
}
