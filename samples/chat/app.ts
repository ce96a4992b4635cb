import { readFileSync } from "node:fs";
import {
  HTTPError,
  RequestHandler,
  Route,
  RunOnExecutor,
  WebSocketHandler,
  type WebSocketOptions,
  defineApplication,
} from "waterspout";
import { Rooms } from "./rooms.js";

const html = readFileSync(new URL("../../../samples/chat/index.html", import.meta.url), "utf8");

@Route("/")
export class PageHandler extends RequestHandler {
  get(): string {
    return html;
  }
}

/** One member of a room, as long as the page is open. What is said is sent to all; `/primes 5000000` is worked out on a thread. */
@Route("/chat/:room")
export class ChatHandler extends WebSocketHandler {
  static readonly websocket: WebSocketOptions = { maxMessageSize: 4 * 1024 };
  private room = "";
  private name = "";

  constructor(private readonly rooms: Rooms) {
    super();
  }

  /** No name, no socket: the client gets a plain 400. */
  override prepare(): void {
    this.name = this.getArgument("name").slice(0, 40);
    if (this.name === "") throw new HTTPError(400, "an empty name");
  }

  override open(room: string): void {
    this.room = room;
    this.rooms.join(room, this);
    this.say("has joined");
  }

  async onMessage(message: string | Uint8Array): Promise<void> {
    if (typeof message !== "string") return this.close(1003, "text, please");
    this.say(message);
    const [, below] = /^\/primes (\d{1,8})$/.exec(message) ?? [];
    if (below !== undefined) this.say(`${await this.primes(Number(below))} primes below ${below}`);
  }

  override onClose(): void {
    this.rooms.leave(this.room, this);
    this.say("has left");
  }

  /** Blocks its thread for as long as it takes; on the loop it would silence every room. */
  @RunOnExecutor()
  async primes(below: number): Promise<number> {
    const composite = new Uint8Array(below);
    let count = 0;
    for (let number = 2; number < below; number++) {
      if (composite[number] === 1) continue;
      count++;
      for (let multiple = number * number; multiple < below; multiple += number) composite[multiple] = 1;
    }
    return count;
  }

  private say(text: string): void {
    this.rooms.publish(this.room, { from: this.name, text });
  }
}

export default defineApplication({ handlers: [PageHandler, ChatHandler] });
