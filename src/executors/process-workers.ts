import type { ExecutorEnvironment } from "../concurrent.js";
import { launchWorker } from "./process-launch.js";
import { ProcessLink } from "./process-link.js";
import type { WorkerSettings } from "./protocol.js";
import type { WorkerLinkHost } from "./worker-link.js";
import type { PoolSettings, WorkerMaker } from "./worker-maker.js";
import { workerSettings } from "./worker-settings.js";

/** The processes of an executor, as validated by it. */
export interface ProcessSettings extends PoolSettings {
  /** V8's limit in each, in MiB. */
  readonly maxOldSpaceMb: number | undefined;
}

/** Child processes of an executor. */
export class ProcessWorkers implements WorkerMaker<ProcessSettings> {
  readonly noun = "process";
  readonly recallable = false;
  #settings!: ProcessSettings;
  #told!: WorkerSettings;
  #neverStarted = 0;

  async open(environment: ExecutorEnvironment, settings: ProcessSettings): Promise<void> {
    this.#settings = settings;
    this.#told = workerSettings(environment, settings);
  }

  make(host: WorkerLinkHost): ProcessLink {
    const { maxOldSpaceMb, bootTimeout } = this.#settings;
    const launched = launchWorker(maxOldSpaceMb);
    const pid = launched instanceof Error ? undefined : launched.pid;
    const link = new ProcessLink({ launched, id: pid ?? --this.#neverStarted, bootTimeout, maxOldSpaceMb }, host);
    link.begin(this.#told);
    return link;
  }

  /** Whoever counts lost threads counts those of this process: this one is another. */
  stuck(): () => void {
    return () => undefined;
  }

  close(): void {
    // Nothing is kept beside the processes.
  }
}
