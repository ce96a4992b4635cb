import { execFile } from "node:child_process";
import { generalLog } from "../log.js";

/** What a service manager hands to its services. */
export interface ServiceEnvironment {
  readonly NOTIFY_SOCKET?: string | undefined;
  readonly WATCHDOG_USEC?: string | undefined;
  readonly WATCHDOG_PID?: string | undefined;
}

/** The program that writes to the service manager's socket; Node cannot, because it has no datagrams over Unix sockets. */
const program = "systemd-notify";

/**
 * Tells the service manager in whose `NOTIFY_SOCKET` this process was started how it is, by the protocol of sd_notify(3); in any
 * other process it does nothing. What is told arrives in order. What cannot be told is logged once and not tried again.
 */
export class ServiceNotifier {
  readonly #env: ServiceEnvironment;
  #queue: Promise<void> = Promise.resolve();
  #mute: boolean;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(env: ServiceEnvironment = process.env) {
    this.#env = env;
    this.#mute = !env.NOTIFY_SOCKET;
  }

  /** It serves, or serves again after `reloading`; `status` is the line that `systemctl status` shows. */
  ready(status: string): void {
    this.#tell("READY=1", statusLine(status));
  }

  reloading(): void {
    // The manager takes the reload for one that it has asked for only if it began after that, by the same clock.
    this.#tell("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`, statusLine("reloading"));
  }

  stopping(): void {
    this.#tell("STOPPING=1", statusLine("stopping"));
  }

  /**
   * Where the manager has a watchdog for this process, shows twice in its time that the event loop turns, as long as `isWell`
   * says that there is something to keep.
   */
  watch(isWell: () => boolean): void {
    const interval = watchdogInterval(this.#env);
    if (interval === undefined || this.#mute) return;
    this.#watchdog = setInterval(() => isWell() && this.#tell("WATCHDOG=1"), interval);
  }

  /** Ends the watch. */
  close(): void {
    clearInterval(this.#watchdog);
  }

  #tell(...assignments: readonly string[]): void {
    this.#queue = this.#queue.then(() => this.#send(assignments));
  }

  #send(assignments: readonly string[]): Promise<void> {
    if (this.#mute) return Promise.resolve();
    return new Promise((resolve) => {
      execFile(program, assignments, { env: { ...process.env, ...this.#env } }, (error, _, stderr) => {
        if (error !== null) this.#giveUp(stderr.trim() || error.message);
        resolve();
      });
    });
  }

  #giveUp(why: string): void {
    this.#mute = true;
    this.close();
    generalLog.warn(`the service manager cannot be told how this program is, ${program} failed: ${why}`);
  }
}

/** Half of the watchdog's time, in milliseconds. */
function watchdogInterval({ WATCHDOG_USEC, WATCHDOG_PID }: ServiceEnvironment): number | undefined {
  const microseconds = Number(WATCHDOG_USEC);
  if (WATCHDOG_PID && WATCHDOG_PID !== String(process.pid)) return undefined;
  return microseconds > 0 ? Math.max(1, Math.floor(microseconds / 2_000)) : undefined;
}

function statusLine(text: string): string {
  return `STATUS=${text.replaceAll(/\s+/g, " ")}`;
}
