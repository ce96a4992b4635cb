import type { Reply } from "#src/executors/protocol.js";
import type { WorkerLink, WorkerLinkHost } from "#src/executors/worker-link.js";

/** Notes what a link tells its pool, in the order in which it does. */
export class ToldHost implements WorkerLinkHost {
  readonly told: string[] = [];
  readonly replies: Reply[] = [];
  /** Why the worker could not start. */
  failure: Error | undefined;

  ready(): void {
    this.told.push("ready");
  }

  bootFailed(_: WorkerLink, error: Error): void {
    this.told.push("bootFailed");
    this.failure = error;
  }

  retiring(): void {
    this.told.push("retiring");
  }

  reply(id: number, reply: Reply): void {
    this.told.push(`reply ${id}`);
    this.replies.push(reply);
  }

  item(id: number): void {
    this.told.push(`item ${id}`);
  }

  stuck(): void {
    this.told.push("stuck");
  }

  ended(): void {
    this.told.push("ended");
  }

  vacated(): void {
    this.told.push("vacated");
  }
}
