import { RequestHandler, Route, type HandlerEntry } from "waterspout";
import { type RunningApplication, type StartOptions, startApplication } from "waterspout/testing";
import { RawClient } from "./raw-client.js";

@Route("/next")
class NextHandler extends RequestHandler {
  get(): string {
    return "served";
  }
}

/** A served application with what specs of handlers ask for. */
export interface Served extends RunningApplication {
  readonly port: number;
  /** The text of an answer. */
  text(path: string, init?: RequestInit): Promise<string>;
  /** A connection to the application; destroyed at the end. */
  connect(): RawClient;
}

/**
 * Serves handlers until the end of the block. Then one more request must be answered: whatever the test did, the process
 * lives on.
 *
 * @example
 * await using app = await serve([route("/", class extends RequestHandler { get() { return "x"; } })]);
 * expect(await app.text("/")).to.equal("x");
 */
export async function serve(handlers: readonly HandlerEntry[], options: StartOptions = {}): Promise<Served> {
  const running = await startApplication({ handlers: [...handlers, NextHandler], ...options });
  const clients: RawClient[] = [];
  const port = Number(new URL(running.url).port);
  return {
    ...running,
    port,
    text: async (path, init) => (await running.fetch(path, init)).text(),
    connect: () => {
      const client = new RawClient(port);
      clients.push(client);
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      const next = await (await running.fetch("/next")).text();
      for (const client of clients) client.close();
      await running.stop();
      if (next !== "served") throw new Error(`the next request was not served: ${next}`);
    },
  };
}

/** The header section of a GET; the connection closes after the answer. */
export function get(path: string, ...fields: readonly string[]): string {
  return [`GET ${path} HTTP/1.1`, "Host: localhost", "Connection: close", ...fields, "", ""].join("\r\n");
}
