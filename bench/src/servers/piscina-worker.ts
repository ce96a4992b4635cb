/** What moves to threads, by hand. */
import { pbkdf2Sync } from "node:crypto";
import { move } from "piscina";

export async function nothing(value: number): Promise<number> {
  return value;
}

export async function inverted(image: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  image[0] = 255 - (image[0] ?? 0);
  return move(image) as unknown as Uint8Array;
}

export async function hash(rounds: number): Promise<string> {
  return pbkdf2Sync("password", "salt", rounds, 32, "sha256").toString("hex");
}
