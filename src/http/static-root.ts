import { type Stats, closeSync, constants, fstatSync, lstatSync, open, realpathSync } from "node:fs";
import { lstat, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { promisify } from "node:util";

/** Something in a folder that may be served. */
export interface StaticEntry {
  readonly kind: "file" | "directory";
  /** Its real path: no link in it. */
  readonly path: string;
  readonly stats: Stats;
}

/** What is not served unless it is said otherwise: settings and repositories, editors' copies, maps of sources. */
const hiddenNames = /^\.|~$|\.map$/i;

/**
 * A folder out of which files are served: regular files whose real path lies inside, and nothing else. Links that lead out
 * of it, hidden names, FIFOs, devices and sockets are not there for it, and are never opened: opening a FIFO would hold a
 * thread of the pool for ever.
 */
export class StaticRoot {
  readonly #root: string;
  readonly #hidden: RegExp;

  /**
   * @param path a folder that exists.
   * @param hidden names, of files and folders, that are not served. Default: with a dot in front, or `~` or `.map` at the end.
   * @throws Error of `node:fs` when there is no such folder.
   */
  constructor(path: string, hidden: RegExp = hiddenNames) {
    this.#root = realpathSync.native(path);
    this.#hidden = hidden;
  }

  /**
   * What is at a path, which is relative, decoded and has `/` between its names. Undefined: nothing that may be served. It
   * never throws, whatever a client sent.
   */
  async find(relative: string): Promise<StaticEntry | undefined> {
    if (!this.#isServable(relative)) return undefined;
    try {
      const real = await realpath(join(this.#root, relative));
      return this.#contains(real) ? entryOf(real, await lstat(real)) : undefined;
    } catch (error) {
      return unlessAbsent(error);
    }
  }

  /** The same, for who cannot wait. */
  findNow(relative: string): StaticEntry | undefined {
    if (!this.#isServable(relative)) return undefined;
    try {
      const real = realpathSync.native(join(this.#root, relative));
      return this.#contains(real) ? entryOf(real, lstatSync(real)) : undefined;
    } catch (error) {
      return unlessAbsent(error);
    }
  }

  /**
   * Opens a file that was found; undefined when something else stands in its place by now. Close it, whatever happens.
   * @returns its descriptor: a `FileHandle` costs more than the opening, and goes to a thread also to look at what is open, and
   * to close it, for which the kernel waits for no disk.
   */
  async open({ path, stats }: StaticEntry): Promise<number | undefined> {
    // Windows has neither flag.
    const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
    const descriptor = await opened(path, (O_RDONLY ?? 0) | O_NOFOLLOW | O_NONBLOCK).catch(unlessAbsent);
    if (descriptor === undefined) return undefined;
    let isSame = false;
    try {
      isSame = isOf(descriptor, stats);
    } finally {
      if (!isSame) closeSync(descriptor);
    }
    return isSame ? descriptor : undefined;
  }

  /** A name that is empty, dotted or has a separator of its own means another place than it seems to. */
  #isServable(relative: string): boolean {
    if (/[\\\0]/.test(relative)) return false;
    const names = relative.split("/");
    // A slash at the end asks for a folder.
    if (names.at(-1) === "") names.pop();
    return names.every((name) => name !== "" && name !== "." && name !== ".." && !this.#hidden.test(name));
  }

  /** With the separator, or `/srv/static` would contain `/srv/static-private`. */
  #contains(real: string): boolean {
    if (real === this.#root) return true;
    const inside = this.#root.endsWith(sep) ? this.#root : this.#root + sep;
    return real.startsWith(inside) && this.#isServable(real.slice(inside.length).replaceAll(sep, "/"));
  }
}

const opened = promisify<string, number, number>(open);

function isOf(descriptor: number, { dev, ino }: Stats): boolean {
  const stats = fstatSync(descriptor);
  return stats.dev === dev && stats.ino === ino;
}

function entryOf(path: string, stats: Stats): StaticEntry | undefined {
  if (stats.isFile()) return { kind: "file", path, stats };
  return stats.isDirectory() ? { kind: "directory", path, stats } : undefined;
}

/** What a path that leads nowhere makes: no such entry, a file in the place of a folder, a circle of links, no permission. */
const absent: ReadonlySet<unknown> = new Set([
  "ENOENT",
  "ENOTDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "EACCES",
  "EPERM",
  "EINVAL",
]);

function unlessAbsent(error: unknown): undefined {
  if (!absent.has((error as NodeJS.ErrnoException).code)) throw error;
  return undefined;
}
