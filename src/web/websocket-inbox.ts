/** Something that came in, and the hook that it is for. */
export interface Delivery {
  readonly hook: "onMessage" | "onPing" | "onPong";
  readonly value: string | Buffer;
}

/** Hands one over; a promise if that is not done at once. It must neither throw nor reject. */
export type Deliver = (delivery: Delivery) => Promise<void> | undefined;

/** What an inbox holds back while it is full. */
export interface Flow {
  pause(): void;
  resume(): void;
}

/** From so many messages, or bytes, that wait, no more is read. Below them a client's leaving is seen while a hook is busy. */
const readAhead = { messages: 16, bytes: 64 * 1024 };

/**
 * What has come in on a connection and was not delivered yet. One is delivered at a time, the next when the one before it is
 * done; a client that sends faster is held back. Beyond the mark it may hold what came in one packet.
 */
export class Inbox {
  readonly #flow: Flow;
  #waiting: Delivery[] = [];
  #bytes = 0;
  #deliver: Deliver | undefined;
  #running: Promise<void> | undefined;
  #held = false;
  #isEnding = false;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  /** Whether the client is held back, so that nothing can come of it. */
  get held(): boolean {
    return this.#held;
  }

  add(delivery: Delivery): void {
    this.#waiting.push(delivery);
    this.#bytes += delivery.value.length;
    if (this.#isFull) this.#hold();
    this.#run();
  }

  /** Delivers what waits, and what comes from now on. */
  start(deliver: Deliver): void {
    this.#deliver = deliver;
    this.#run();
  }

  /** Takes nothing more in until it is dropped; what waits is delivered. */
  end(): void {
    this.#isEnding = true;
    this.#hold();
  }

  /** Forgets what waits, and lets the client go. */
  drop(): void {
    this.#waiting = [];
    this.#bytes = 0;
    this.#isEnding = false;
    this.#release();
  }

  /** Settles when nothing waits and nothing is being delivered. */
  async emptied(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  get #isFull(): boolean {
    return this.#waiting.length >= readAhead.messages || this.#bytes >= readAhead.bytes;
  }

  #run(): void {
    while (this.#deliver !== undefined && this.#running === undefined) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#bytes -= next.value.length;
      if (!this.#isFull && !this.#isEnding) this.#release();
      this.#running = this.#deliver(next)?.then(this.#done);
    }
  }

  readonly #done = (): void => {
    this.#running = undefined;
    this.#run();
  };

  #hold(): void {
    if (this.#held) return;
    this.#held = true;
    this.#flow.pause();
  }

  #release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#flow.resume();
  }
}
