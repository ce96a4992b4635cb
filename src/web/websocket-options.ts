import { type NumberRule, checkNumber, checkNumbers, milliseconds } from "../check.js";
import { ConfigurationError } from "../errors.js";

/** How messages are compressed (RFC 7692, permessage-deflate), for clients that offer it. */
export interface WebSocketCompression {
  /** zlib's level, from 0 to 9. Default: 6. */
  readonly level?: number;
  /** zlib's memory level, from 1 to 9: each message that is being compressed takes 2^(level + 9) bytes. Default: 8. */
  readonly memLevel?: number;
  /** Bytes below which a message stays as it is. Default: 1,024. */
  readonly threshold?: number;
}

/** How WebSockets are kept: `websocket` of the definition, and static `websocket` of a handler, which wins. */
export interface WebSocketOptions {
  /**
   * Milliseconds between two pings, which keep proxies from closing the connection and find peers that have vanished. 0: no
   * pings. Default: 30 s.
   */
  readonly pingInterval?: number;
  /**
   * Milliseconds after a ping within which something must have come of the client, or it is cut off; at most `pingInterval`.
   * Default: `pingInterval`.
   */
  readonly pingTimeout?: number;
  /** Longest message of a client in bytes, counted after decompression; for a longer one the socket closes with 1009. Default: 10 MiB. */
  readonly maxMessageSize?: number;
  /** Bytes that may wait for a client that reads slowly; whoever sends one more message then cuts it off. Default: 1 MiB. */
  readonly maxBuffer?: number;
  /** Milliseconds that a client has to answer a close, before it is cut off. Default: 5 s. */
  readonly closeTimeout?: number;
  /** Whether messages are compressed; true takes the defaults. Default: false, as it costs time and memory for each message. */
  readonly compression?: boolean | WebSocketCompression;
}

/** {@link WebSocketOptions}, complete. */
export interface WebSocketSettings extends Readonly<Required<Omit<WebSocketOptions, "compression">>> {
  readonly compression: Readonly<Required<WebSocketCompression>> | undefined;
}

const defaults = {
  pingInterval: 30_000,
  maxMessageSize: 10 * 1024 * 1024,
  maxBuffer: 1024 * 1024,
  closeTimeout: 5_000,
} satisfies Omit<WebSocketOptions, "pingTimeout" | "compression">;

const compressionDefaults: Required<WebSocketCompression> = { level: 6, memLevel: 8, threshold: 1024 };

const rules = {
  pingInterval: { ...milliseconds(0), integer: true },
  pingTimeout: { ...milliseconds(1), integer: true },
  // What the library counts with.
  maxMessageSize: { from: 1, to: 2 ** 31 - 1, integer: true },
  maxBuffer: { from: 0, integer: true },
  closeTimeout: { ...milliseconds(1), integer: true },
} satisfies Record<keyof Omit<WebSocketOptions, "compression">, NumberRule>;

const compressionRules = {
  level: { from: 0, to: 9, integer: true },
  memLevel: { from: 1, to: 9, integer: true },
  threshold: { from: 0, integer: true },
} satisfies Record<keyof WebSocketCompression, NumberRule>;

/**
 * The settings of one handler class.
 *
 * @param owner whose they are, for messages.
 * @param given the definition's options, then those of the class.
 * @throws ConfigurationError for an unknown name, a number out of range, and a `pingTimeout` beyond `pingInterval`.
 */
export function webSocketSettings(
  owner: string,
  ...given: readonly (WebSocketOptions | undefined)[]
): WebSocketSettings {
  const merged = mergedOptions(given);
  const { compression, ...numbers } = merged;
  checkNumbers(owner, numbers, rules);
  const all = { ...defaults, ...numbers };
  const { pingInterval, pingTimeout = Math.max(1, pingInterval) } = all;
  if (pingInterval > 0)
    checkNumber(owner, "pingTimeout", pingTimeout, { from: 1, to: pingInterval, toName: "pingInterval" });
  return { ...all, pingTimeout, compression: compressionOf(owner, compression) };
}

/** What is undefined is as good as not given. */
function mergedOptions(given: readonly (WebSocketOptions | undefined)[]): WebSocketOptions {
  const entries = given.flatMap((options) => Object.entries(options ?? {}));
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function compressionOf(owner: string, given: unknown): WebSocketSettings["compression"] {
  if (given === undefined || given === false) return undefined;
  if (given === true) return compressionDefaults;
  if (typeof given !== "object" || given === null) {
    throw new ConfigurationError(`${owner}: compression must be true, false or an object, got ${typeof given}`);
  }
  checkNumbers(`${owner}: compression`, given as WebSocketCompression, compressionRules);
  return { ...compressionDefaults, ...given };
}
