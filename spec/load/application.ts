import { setTimeout as sleep } from "node:timers/promises";
import { singleton } from "tsyringe";
import { RunOnExecutor, defineApplication } from "waterspout";

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
  async spin(): Promise<void> {
    for (;;);
  }
}

export default defineApplication({ handlers: [], accessLog: false });
