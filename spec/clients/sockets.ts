import { RequestHandler, WebSocketHandler, type WebSocketOptions, HTTPError, route } from "waterspout";
import { type RunningApplication, type StartOptions, startApplication } from "waterspout/testing";

/** Every byte, several times over: long enough that clients send it in pieces. */
const length = 300_000;

/** What clients of the same application find out by {@link converse}. */
export interface Conversation {
  /** Of three offered. */
  readonly protocol: string;
  /** Extensions that were agreed upon. */
  readonly extensions: string;
  readonly text: string;
  /** Sum and number of the bytes that came back. */
  readonly bytes: readonly [sum: number, length: number];
  readonly longText: boolean;
  readonly json: unknown;
  /** How the server closed. */
  readonly closed: string;
  /** Whether a socket that the server refuses was opened. */
  readonly refused: boolean;
}

/** The same for every client. */
export const expected: Omit<Conversation, "extensions"> = {
  protocol: "v2",
  text: "é 😀",
  bytes: [Array.from({ length }, (_, index) => index % 251).reduce((sum, byte) => sum + byte), length],
  longText: true,
  json: { cookie: null, path: "/sockets/lobby" },
  closed: "4000 bye true",
  refused: false,
};

/** What the handlers of the application have seen: how many sockets were opened, and the codes of clients that closed. */
export const seen = { opens: 0, closes: [] as string[] };

class Talker extends WebSocketHandler {
  static readonly websocket: WebSocketOptions = { compression: true };
  override selectSubprotocol(offered: readonly string[]): string | undefined {
    return offered.find((name) => name === "v2");
  }
  override open(): void {
    seen.opens += 1;
  }
  async onMessage(message: string | Uint8Array): Promise<void> {
    if (message === "close") return this.close(4000, "bye");
    if (message === "json") {
      return this.writeMessage({ cookie: this.getCookie("none") ?? null, path: this.request.path });
    }
    await this.writeMessage(message);
  }
  override onClose(): void {
    seen.closes.push(`${this.closeCode ?? ""} ${this.closeReason ?? ""}`.trim());
  }
}

class Refused extends Talker {
  override prepare(): void {
    throw new HTTPError(403);
  }
}

class Page extends RequestHandler {
  get(): string {
    return '<!doctype html><link rel="icon" href="data:,"><title>sockets</title>';
  }
}

/** Serves the handlers, until the end of the block or `stop`. */
export function startSockets(options: StartOptions = {}): Promise<RunningApplication> {
  Object.assign(seen, { opens: 0, closes: [] });
  const handlers = [route("/sockets/:room", Talker), route("/refused", Refused), route("/page", Page)];
  return startApplication({ handlers, drainLinger: 100, ...options });
}

/**
 * Talks with the application as pages do. It stands for itself: a page gets its text.
 *
 * @param url of the application, `ws:`.
 */
export async function converse(url: string, Client: typeof WebSocket, size: number): Promise<Conversation> {
  const opened = (path: string): Promise<WebSocket> =>
    new Promise((resolve, reject) => {
      const made = new Client(url + path, ["v1", "v2", "v3"]);
      made.binaryType = "arraybuffer";
      made.addEventListener("open", () => resolve(made));
      made.addEventListener("error", () => reject(new Error(`${path} was refused`)));
    });
  const socket = await opened("/sockets/lobby");
  const answerTo = (message: string | Uint8Array<ArrayBuffer>): Promise<unknown> => {
    const answer = new Promise((resolve) =>
      socket.addEventListener("message", (event) => resolve(event.data), { once: true }),
    );
    socket.send(message);
    return answer;
  };
  const text = String(await answerTo("é 😀"));
  const sent = Uint8Array.from({ length: size }, (_, index) => index % 251);
  const back = new Uint8Array((await answerTo(sent)) as ArrayBuffer);
  const long = "lang é ".repeat(size / 10);
  const longText = (await answerTo(long)) === long;
  const json: unknown = JSON.parse(String(await answerTo("json")));
  const closed = new Promise<string>((resolve) =>
    socket.addEventListener("close", (event) => resolve(`${event.code} ${event.reason} ${event.wasClean}`)),
  );
  socket.send("close");
  const { protocol, extensions } = socket;
  const result = { protocol, extensions, text, longText, json, closed: await closed };
  (await opened("/sockets/other")).close(4001, "mine");
  const refused = await opened("/refused").then(
    () => true,
    () => false,
  );
  return { ...result, bytes: [back.reduce((sum, byte) => sum + byte, 0), back.length], refused };
}

/** Opens a socket and tells how it was closed. It stands for itself, too. */
export function closeOf(url: string, Client: typeof WebSocket): Promise<string> {
  const socket = new Client(`${url}/sockets/lobby`);
  return new Promise((resolve) =>
    socket.addEventListener("close", (event) => resolve(`${event.code} ${event.reason}`)),
  );
}

/** What {@link converse} sends. */
export const size = length;
