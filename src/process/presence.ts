import { ServiceNotifier } from "./notify.js";
import { PidFile } from "./pid-file.js";

/** How a program, of one process or of many, shows itself to the machine: to scripts by a pid file, to a service manager. */
export class Presence {
  readonly #file: PidFile | undefined;
  readonly #notifier = new ServiceNotifier();
  #stopping = false;

  /** @throws StartError when there is to be a pid file and it cannot be written. */
  constructor(pidFile = "") {
    this.#file = pidFile === "" ? undefined : new PidFile(pidFile);
  }

  /** The program serves for the first time; from here on it is watched, and well while `isWell` says so. */
  serving(status: string, isWell: () => boolean): void {
    this.#file?.publish();
    this.#notifier.ready(status);
    this.#notifier.watch(() => this.#stopping || isWell());
  }

  reloading(): void {
    if (!this.#stopping) this.#notifier.reloading();
  }

  /** Who stops in the middle of a reload does not get ready again. */
  reloaded(status: string): void {
    if (!this.#stopping) this.#notifier.ready(status);
  }

  stopping(): void {
    if (!this.#stopping) this.#notifier.stopping();
    this.#stopping = true;
  }

  ended(): void {
    this.#notifier.close();
  }
}
