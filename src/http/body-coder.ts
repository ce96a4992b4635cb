import type { ServerResponse } from "node:http";
import { ClientClosedError } from "../errors.js";
import type { Coder } from "./compression.js";
import type { BodyChunk } from "./representation.js";

/** Codes one body on its way to the client, in zlib's threads, as fast as the client takes it. */
export class BodyCoder {
  readonly #coder: Coder;
  readonly #response: ServerResponse;
  readonly #waiting: () => void;
  /** Rejects what waits for a client that has left. */
  readonly #pending = new Set<(error: Error) => void>();

  /** @param waiting told when bytes wait for the client. */
  constructor(coder: Coder, response: ServerResponse, waiting: () => void) {
    this.#coder = coder;
    this.#response = response;
    this.#waiting = waiting;
    coder.on("data", (bytes: Buffer) => this.#pass(bytes)).on("end", () => response.end());
    coder.on("error", () => response.req.socket.destroy());
    response.once("close", () => this.#close());
  }

  /** Everything so far can be decoded by the client when it settles, and there is room for more. */
  write(body: BodyChunk): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#response.destroyed) return reject(new ClientClosedError());
      this.#pending.add(reject);
      if (body.length > 0) this.#coder.write(body);
      this.#coder.flush(() => {
        this.#pending.delete(reject);
        resolve();
      });
    });
  }

  end(body: BodyChunk): void {
    this.#coder.end(body);
  }

  #pass(bytes: Buffer): void {
    if (this.#response.destroyed || this.#response.write(bytes)) return;
    this.#coder.pause();
    this.#waiting();
    this.#response.once("drain", () => this.#coder.resume());
  }

  #close(): void {
    this.#coder.destroy();
    for (const reject of this.#pending) reject(new ClientClosedError());
    this.#pending.clear();
  }
}
