import { createHash, hash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { StaticEntry } from "./static-root.js";

interface Version {
  /** When and how long the file was that has this version. */
  readonly stamp: string;
  /** Undefined while it is worked out. */
  text: string | undefined;
  readonly pending: Promise<string> | undefined;
}

/** Files up to this size are hashed at once by whoever cannot wait: 2 ms or so. */
const atOnce = 1024 * 1024;
/** Larger files have no version: a client could have gigabytes hashed by asking for them. */
const largest = 64 * 1024 * 1024;
/** Versions that are kept; the oldest goes. */
const kept = 10_000;

/**
 * The versions of files: the SHA-512 of their content, worked out once for each state of a file. Source: Tornado's
 * `StaticFileHandler.get_version`.
 */
export class FileVersions {
  readonly #versions = new Map<string, Version>();

  /** Undefined for a file that is too large to have one. */
  async of(file: StaticEntry): Promise<string | undefined> {
    if (file.stats.size > largest) return undefined;
    const known = this.#known(file) ?? this.#begin(file);
    return known.text ?? known.pending;
  }

  /** For who cannot wait: undefined also while the version of a larger file is worked out. */
  now(file: StaticEntry): string | undefined {
    if (file.stats.size > largest) return undefined;
    const known = this.#known(file);
    if (known?.text !== undefined) return known.text;
    if (file.stats.size <= atOnce) return this.#keep(file, hash("sha512", readFileSync(file.path)));
    if (known === undefined) this.#begin(file);
    return undefined;
  }

  #known({ path, stats }: StaticEntry): Version | undefined {
    const version = this.#versions.get(path);
    return version?.stamp === stampOf(stats) ? version : undefined;
  }

  #keep(file: StaticEntry, text: string): string {
    this.#set(file, { stamp: stampOf(file.stats), text, pending: undefined });
    return text;
  }

  #begin(file: StaticEntry): Version {
    const pending = hashed(file.path).then(
      (text) => this.#keep(file, text),
      (error: unknown) => {
        this.#versions.delete(file.path);
        throw error;
      },
    );
    // Who asked for it now does not wait; who waits gets the error.
    pending.catch(() => {});
    const version: Version = { stamp: stampOf(file.stats), text: undefined, pending };
    this.#set(file, version);
    return version;
  }

  #set({ path }: StaticEntry, version: Version): void {
    this.#versions.delete(path);
    this.#versions.set(path, version);
    if (this.#versions.size <= kept) return;
    const [oldest = ""] = this.#versions.keys();
    this.#versions.delete(oldest);
  }
}

/** What tells two states of a file apart; also a strong entity tag, as nginx makes them. */
export function stampOf({ mtimeMs, size }: StaticEntry["stats"]): string {
  return `${Math.round(mtimeMs * 1000).toString(36)}-${size.toString(36)}`;
}

/** Piece by piece, so that a large file does not hold the loop. */
async function hashed(path: string): Promise<string> {
  const digest = createHash("sha512");
  await pipeline(createReadStream(path), digest);
  return digest.digest("hex");
}
