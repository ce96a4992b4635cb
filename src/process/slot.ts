import type { WorkerHandle } from "./worker-handle.js";

/** One task id and who has it: the child that serves and, while that one is being replaced, the one that comes after it. */
export class Slot {
  readonly taskId: number;
  /** The child that serves, or is to. */
  current: WorkerHandle | undefined;
  /** The child that takes over when it has shown that it can serve, or when `current` ends before. */
  successor: WorkerHandle | undefined;
  #restarts = 0;
  #restart: { readonly timer: NodeJS.Timeout; readonly start: () => void } | undefined;

  constructor(taskId: number) {
    this.taskId = taskId;
  }

  /** How often a child was started in the place of one that crashed. */
  get restarts(): number {
    return this.#restarts;
  }

  /** True while a child that crashed is not yet started again. */
  get waiting(): boolean {
    return this.#restart !== undefined;
  }

  /** Those of the two that there are. */
  get children(): WorkerHandle[] {
    return [this.current, this.successor].filter((child) => child !== undefined);
  }

  /** Calls `start` after so many milliseconds, unless `cancel` comes before. */
  restartAfter(delay: number, start: () => void): void {
    this.#restarts++;
    this.#restart = { timer: setTimeout(() => this.restartNow(), delay), start };
  }

  /** Does not wait any longer; does nothing where nothing waits. */
  restartNow(): void {
    const start = this.#restart?.start;
    this.cancel();
    start?.();
  }

  /** Nothing will be started any more. */
  cancel(): void {
    clearTimeout(this.#restart?.timer);
    this.#restart = undefined;
  }

  /** Puts the successor in the place of the child that serves. */
  promote(): void {
    if (this.successor !== undefined) this.current = this.successor;
    this.successor = undefined;
  }

  /** Forgets a child that has ended; its successor, if there is one, takes over. */
  release(child: WorkerHandle): void {
    if (this.successor === child) this.successor = undefined;
    if (this.current !== child) return;
    this.current = undefined;
    this.promote();
  }
}
