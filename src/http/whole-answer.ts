import { type IncomingMessage, ServerResponse } from "node:http";

/** What of node's response is not in its types: the header section as text from `writeHead` on, and whether it went out. */
type Internals = Record<typeof section | "_headerSent", unknown>;

const section = "_header";

/** Characters. Above it the copy into one text costs more than it saves. */
const joinLimit = 16 * 1024;

/**
 * Ends an answer whose whole body is known and whose `Content-Length` says so.
 *
 * Node sends header section and body as two pieces and an empty third, by `writev`. A text of ASCII goes out behind its header
 * section as one piece instead, which saves a twelfth of all that a small answer costs (docs/performance.md).
 */
export function endWhole(response: ServerResponse, body: string | Uint8Array): void {
  if (typeof body !== "string" || body === "" || !canJoin(response, body)) {
    response.end(body);
    return;
  }
  // Node would miss the body that it does not know of.
  response.strictContentLength = false;
  join(response, body);
}

function canJoin(response: ServerResponse, body: string): boolean {
  const { _headerSent: sent, [section]: text } = response as unknown as Internals;
  // Where others write to the response as well, node makes its header section at the end.
  const isReady = typeof text === "string" && sent === false;
  return isReady && body.length <= joinLimit && Buffer.byteLength(body) === body.length && joins();
}

function join(response: ServerResponse, body: string): void {
  const internals = response as unknown as Internals;
  internals[section] = String(internals[section]) + body;
  response.end();
}

let known: boolean | undefined;

function joins(): boolean {
  return (known ??= takesJoined(new ServerResponse({ method: "GET", httpVersionMajor: 1 } as IncomingMessage)));
}

/** Whether this Node sends an answer so, tried with a response that goes nowhere. */
export function takesJoined(response: ServerResponse): boolean {
  response.sendDate = false;
  response.writeHead(200, ["Content-Length", "4"]);
  join(response, "body");
  const { outputData } = response as unknown as { readonly outputData?: readonly { readonly data?: unknown }[] };
  const whole = /^HTTP\/1\.1 200 OK\r\nContent-Length: 4\r\n(?:[^\r\n]+\r\n)*\r\nbody$/;
  return Array.isArray(outputData) && outputData.length === 1 && whole.test(String(outputData[0]?.data));
}
