import { type IncomingMessage, STATUS_CODES, ServerResponse } from "node:http";
import { type AnswerHead, OwnHead } from "./answer-head.js";
import { dateNow } from "./http-date.js";

/** What of node's response is not in its types: what `writeHead` makes, and where it finds how long connections stay open. */
interface Internals {
  /** The header section as text: there is one from `writeHead` on. */
  [section]: string;
  [isSent]: boolean;
  /** Whether the connection closes behind it. */
  [isLast]: boolean;
  readonly [keepAliveTime]: number;
}

const section = "_header";
const isSent = "_headerSent";
const isLast = "_last";
const keepAliveTime = "_keepAliveTimeout";

/** Characters. Above it the copy into one text costs more than it saves. */
const joinLimit = 16 * 1024;

/**
 * Sends an answer whose whole body is known and whose `Content-Length` says so.
 *
 * Node checks each field again and files it, and sends header section and body as two pieces and an empty third, by `writev`. A
 * text of ASCII goes out behind a header section of our own as one piece instead, which saves an eighth of all that a small
 * answer costs (docs/performance.md).
 */
export function sendWhole(response: ServerResponse, head: AnswerHead, body: string | Uint8Array): void {
  const fields = isOurs(response) && isJoinable(body) ? head.text() : undefined;
  if (fields !== undefined) return join(response, head, fields, String(body));
  head.send(response);
  response.end(body);
}

/** Whether nobody else has a say in the header section. Node closes behind a request that still waits for its 100. */
function isOurs(response: ServerResponse): boolean {
  const isUntouched =
    response.writeHead === ServerResponse.prototype.writeHead && response.getHeaderNames().length === 0;
  return isUntouched && !response.headersSent && response.req.headers.expect === undefined;
}

function isJoinable(body: string | Uint8Array): boolean {
  const isText = typeof body === "string" && body !== "" && body.length <= joinLimit;
  return isText && Buffer.byteLength(body) === body.length && joins();
}

function join(response: ServerResponse, head: AnswerHead, fields: string, body: string): void {
  const { status, reason } = head;
  response.statusCode = status;
  response.statusMessage = reason || (STATUS_CODES[status] ?? "unknown");
  const internals = response as unknown as Internals;
  const date = head.has("Date") ? "" : `Date: ${dateNow()}\r\n`;
  const first = `HTTP/1.1 ${status} ${response.statusMessage}\r\n`;
  internals[section] = `${first}${fields}${date}${connectionFields(response, internals[keepAliveTime])}\r\n${body}`;
  internals[isSent] = false;
  internals[isLast] = !response.shouldKeepAlive;
  response.end();
}

let keptOpen = { time: 0, fields: "" };

/** What Node says of the connection. */
function connectionFields({ shouldKeepAlive }: ServerResponse, time: number): string {
  if (!shouldKeepAlive) return "Connection: close\r\n";
  if (keptOpen.time !== time) keptOpen = { time, fields: `Keep-Alive: timeout=${Math.floor(time / 1000)}\r\n` };
  return time === 0 ? "Connection: keep-alive\r\n" : `Connection: keep-alive\r\n${keptOpen.fields}`;
}

let known: boolean | undefined;

function joins(): boolean {
  return (known ??= takesJoined(new ServerResponse({ method: "GET", httpVersionMajor: 1 } as IncomingMessage)));
}

/** Whether this Node sends an answer so, tried with a response that goes nowhere. */
export function takesJoined(response: ServerResponse): boolean {
  response.shouldKeepAlive = false;
  join(response, new OwnHead(), "Content-Length: 4\r\n", "body");
  const { outputData } = response as unknown as { readonly outputData?: readonly { readonly data?: unknown }[] };
  const whole = /^HTTP\/1\.1 200 OK\r\nContent-Length: 4\r\nDate: [^\r\n]+\r\nConnection: close\r\n\r\nbody$/;
  return Array.isArray(outputData) && outputData.length === 1 && whole.test(String(outputData[0]?.data));
}
