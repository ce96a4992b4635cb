import { randomUUID } from "node:crypto";
import { readlinkSync, rmSync } from "node:fs";
import { type FileHandle, lstat, mkdtemp, open, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file that this process alone can read, and whose name nobody can guess. */
export interface TemporaryFile {
  readonly path: string;
  readonly handle: FileHandle;
}

/** This process's own folder: made when the first file is. */
let folder: Promise<string> | undefined;

/**
 * Makes an empty file of mode 0600, in a folder of this process (mode 0700) under the system's one for temporary files
 * (`TMPDIR`). Who opens it closes and removes it; at the latest the folder goes when the process exits, or, if it was killed,
 * when the next one makes its first file.
 */
export async function openTemporaryFile(): Promise<TemporaryFile> {
  try {
    return await create(await (folder ??= makeFolder()));
  } catch (error) {
    // Somebody cleans the system's folder: the next file finds a new one.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return create(await (folder = makeFolder()));
  }
}

async function create(directory: string): Promise<TemporaryFile> {
  const path = join(directory, randomUUID());
  return { path, handle: await open(path, "wx", 0o600) };
}

async function makeFolder(): Promise<string> {
  await removeLeftovers();
  const path = await mkdtemp(join(tmpdir(), `${prefix()}${process.pid}-`));
  process.once("exit", () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Processes are told apart by their ids, which count within one PID namespace: a container's neighbours are not ours to judge. */
function prefix(): string {
  return `waterspout-${namespace()}-`;
}

function namespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0";
  }
}

/** Removes the folders of processes that were killed. What cannot be removed is not this request's fault. */
async function removeLeftovers(): Promise<void> {
  const own = prefix();
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(own) && isDead(name.slice(own.length)));
  await Promise.allSettled(names.map((name) => removeOwn(join(tmpdir(), name))));
}

function isDead(rest: string): boolean {
  const pid = /^(\d+)-/.exec(rest)?.[1];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

async function removeOwn(path: string): Promise<void> {
  const { uid } = await lstat(path);
  if (uid === process.getuid?.()) await rm(path, { recursive: true });
}
