import { once } from "node:events";
import { Agent, type IncomingMessage, get } from "node:http";

/** Clients that listen to `/prices`, and one that has something sent to all of them. */
export class Subscribers {
  readonly #url: string;
  readonly #streams: readonly IncomingMessage[];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  private constructor(url: string, streams: readonly IncomingMessage[]) {
    this.#url = url;
    this.#streams = streams;
  }

  /** Settles when all have been answered. */
  static async open(url: string, count: number): Promise<Subscribers> {
    // One after the other: a server may take its time to add one.
    const streams: IncomingMessage[] = [];
    for (let index = 0; index < count; index++) streams.push((await asked(`${url}/prices`)).setEncoding("latin1"));
    return new Subscribers(url, streams);
  }

  /** Settles when all have got it. @returns what one of them got. */
  async publish(): Promise<string> {
    const got = Promise.all(this.#streams.map(nextEvent));
    const answer = await asked(`${this.#url}/publish`, this.#agent);
    await once(answer.resume(), "end");
    const [text = ""] = await got;
    return text;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#agent.destroy();
    const closed = this.#streams.map((stream) => once(stream, "close"));
    for (const stream of this.#streams) stream.destroy();
    await Promise.all(closed);
  }
}

/** An event is small: it comes whole, ended by an empty line. */
function nextEvent(stream: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const take = (part: string): void => {
      text += part;
      if (!text.endsWith("\n\n")) return;
      stream.off("data", take);
      resolve(text.trimStart());
    };
    stream.on("data", take);
  });
}

function asked(url: string, agent?: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: agent ?? false }, resolve).once("error", reject);
  });
}
