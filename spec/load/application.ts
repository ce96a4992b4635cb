import { setTimeout as sleep } from "node:timers/promises";
import { singleton } from "tsyringe";
import { RunOnExecutor, defineApplication, move } from "waterspout";

/** What the load runs call. */
@singleton()
export class Load {
  @RunOnExecutor()
  async echo(value: number): Promise<number> {
    return value;
  }

  @RunOnExecutor()
  async fail(value: number): Promise<void> {
    throw new RangeError(`failed ${value}`);
  }

  @RunOnExecutor()
  async pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds);
  }

  @RunOnExecutor()
  async *count(from: number, to: number): AsyncGenerator<number> {
    for (let value = from; value < to; value++) yield value;
  }

  /** Adds one to every byte, in the memory that it was given. */
  @RunOnExecutor()
  async increment(bytes: Uint8Array): Promise<Uint8Array> {
    bytes.forEach((byte, index) => (bytes[index] = byte + 1));
    return move(bytes);
  }

  @RunOnExecutor()
  async exit(code: number): Promise<void> {
    process.exit(code);
  }

  @RunOnExecutor()
  async spin(): Promise<void> {
    for (;;);
  }
}

export default defineApplication({ handlers: [], accessLog: false });
