import { pbkdf2Sync } from "node:crypto";
import { singleton } from "tsyringe";
import { RunOnExecutor, defineApplication, move } from "waterspout";

@singleton()
export class Work {
  @RunOnExecutor()
  async nothing(value: number): Promise<number> {
    return value;
  }

  @RunOnExecutor()
  async hash(rounds: number): Promise<number> {
    return pbkdf2Sync("password", "salt", rounds, 32, "sha256")[0] ?? 0;
  }

  @RunOnExecutor()
  async copied(bytes: Uint8Array): Promise<Uint8Array> {
    return bytes;
  }

  @RunOnExecutor()
  async moved(bytes: Uint8Array): Promise<Uint8Array> {
    return move(bytes);
  }
}

export default defineApplication({ handlers: [], accessLog: false });
