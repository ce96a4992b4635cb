/** What to do on each signal. */
export type SignalActions = Readonly<Partial<Record<NodeJS.Signals, () => void>>>;

/**
 * Signals by name. A handler only notes the name; the actions run afterwards, one after the other and in the order in
 * which the signals came, so that an action is never interrupted by the next. Listeners that others have on the same
 * signals stay and are called too.
 */
export class SignalQueue {
  readonly #actions: SignalActions;
  readonly #waiting: NodeJS.Signals[] = [];

  constructor(actions: SignalActions) {
    this.#actions = actions;
  }

  /** From here on the default action of these signals, which mostly is to end the process, is off. */
  open(): void {
    for (const name of this.#names()) process.on(name, this.#note);
  }

  /** Gives the signals back, and forgets those that wait. */
  close(): void {
    for (const name of this.#names()) process.off(name, this.#note);
    this.#waiting.length = 0;
  }

  #names(): NodeJS.Signals[] {
    return Object.keys(this.#actions) as NodeJS.Signals[];
  }

  readonly #note = (name: NodeJS.Signals): void => {
    this.#waiting.push(name);
    setImmediate(() => this.#dispatchNext());
  };

  #dispatchNext(): void {
    const name = this.#waiting.shift();
    if (name !== undefined) this.#actions[name]?.();
  }
}
