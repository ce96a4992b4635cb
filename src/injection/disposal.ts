import { generalLog } from "../log.js";

interface Entry {
  readonly instance: unknown;
  readonly name: string;
}

/** Instances in the order of their creation, to be disposed in the reverse one: a user before what it uses. */
export class Disposables {
  readonly #entries: Entry[] = [];
  #disposal: Promise<void> | undefined;

  add(instance: unknown, name: string): void {
    this.#entries.push({ instance, name });
  }

  get disposed(): boolean {
    return this.#disposal !== undefined;
  }

  /** Never rejects: a failure is a line in the log, and the rest is disposed all the same. Calling it again waits for the first call. */
  dispose(): Promise<void> {
    this.#disposal ??= disposeInReverse(this.#entries);
    return this.#disposal;
  }
}

async function disposeInReverse(entries: readonly Entry[]): Promise<void> {
  for (const { instance, name } of entries.toReversed()) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one after the other: what is used must outlive its user's disposal
      await disposerOf(instance)?.call(instance);
    } catch (error) {
      generalLog.error(`disposing ${name} failed`, { error });
    }
  }
}

/** `Symbol.asyncDispose`, else `Symbol.dispose`, else a `dispose()` without parameters. */
function disposerOf(instance: unknown): (() => unknown) | undefined {
  if (typeof instance !== "object" || instance === null) return undefined;
  const members = instance as Readonly<Record<PropertyKey, unknown>>;
  for (const key of [Symbol.asyncDispose, Symbol.dispose, "dispose"]) {
    const member = members[key];
    if (typeof member === "function" && member.length === 0) return member as () => unknown;
  }
  return undefined;
}
