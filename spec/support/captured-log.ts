import { formatRecord, type LogRecord, type LogSink, setLogSink } from "#src/log.js";

/** Takes the place of the log's sink: keeps the records, and lets a spec wait for one. */
export class CapturedLog {
  readonly records: LogRecord[] = [];
  readonly #previous: LogSink;
  #added: (() => void) | undefined;

  constructor() {
    this.#previous = setLogSink((record) => {
      this.records.push(record);
      this.#added?.();
    });
  }

  /** The lines as they would be printed. */
  get lines(): string[] {
    return this.records.map(formatRecord);
  }

  /** Settles as soon as there are `count` records; the mocha timeout is its deadline. */
  async waitFor(count: number): Promise<void> {
    while (this.records.length < count) {
      await new Promise<void>((resolve) => {
        this.#added = resolve;
      });
    }
  }

  restore(): void {
    setLogSink(this.#previous);
  }
}
