import type { EventEmitter } from "node:events";
import type { SupervisorEvents } from "./events.js";
import type { ReloadResult } from "./roll.js";
import type { SupervisorStatus } from "./status.js";

/**
 * What a program sees of its children in the primary, and how it steers them; `onSupervisor` is given it. A listener that
 * throws is logged, and nothing else.
 *
 * @example
 * await bootstrap(import.meta.url, {
 *   handlers: [SleepHandler],
 *   processes: 5,
 *   onSupervisor(supervisor) {
 *     supervisor.on("exit", ({ taskId }, ending, expected) => expected || alarm(taskId, ending));
 *     watch("dist", () => void supervisor.reload());
 *   },
 * });
 */
export interface Supervisor extends EventEmitter<SupervisorEvents> {
  /** The children as they are now: what they last told of themselves, and their memory. Never rejects. */
  status(): Promise<SupervisorStatus>;

  /**
   * Replaces all children, as on SIGHUP: the oldest first, one at a time, each by a new one that was ready for `stableTime`.
   * A call while one goes on asks for one more after it, which all such calls share.
   *
   * @returns how it went; never rejects.
   */
  reload(): Promise<ReloadResult>;

  /**
   * Changes the number of children, as SIGTTIN (one more) and SIGTTOU (one less) do: new ones get the next task ids, and those
   * with the highest ones drain. A restart of the program begins with the number of its options again.
   *
   * @throws RangeError unless `count` is an integer from 1 up.
   */
  resize(count: number): void;

  /** Lets all children drain and end, as on SIGTERM. A second call changes nothing, and does not force. */
  stop(): void;
}
