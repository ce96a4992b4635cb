import { expect } from "chai";
import { setImmediate as turn } from "node:timers/promises";
import { Acceptor, type SharedListener } from "#src/process/acceptor.js";

/** A listener that notes what it is told, and can be told what happens to it. */
class Listener implements SharedListener {
  connections = 0;
  readonly told: string[] = [];
  #changed: (accepted: boolean) => void = () => {};
  #drained: () => void = () => {};
  #resumed: (() => void) | undefined;

  listen(): never {
    throw new Error("not here");
  }

  pauseAccepting(): void {
    this.told.push("pause");
  }

  resumeAccepting(handle: object): void {
    this.told.push(`resume ${JSON.stringify(handle)}`);
    this.#resumed?.();
  }

  onConnections(callback: (accepted: boolean) => void): void {
    this.#changed = callback;
  }

  onDrain(callback: () => void): void {
    this.#drained = callback;
  }

  accept(): void {
    this.connections++;
    this.#changed(true);
  }

  close(): void {
    this.connections--;
    this.#changed(false);
  }

  drain(): void {
    this.#drained();
  }

  resumed(): Promise<void> {
    return new Promise((resolve) => {
      this.#resumed = resolve;
    });
  }
}

describe("Acceptor", () => {
  let listener: Listener;
  let pause: number;
  let least: number | undefined;
  let asked: unknown[];
  let found: boolean[];
  let written: (number | "left")[];
  let stock: string[];

  beforeEach(() => {
    listener = new Listener();
    [pause, least, asked, found, written, stock] = [0, undefined, [], [], [], ["a", "b"]];
    const socket = {
      get hasSpare() {
        return stock.length > 0;
      },
      take: () => stock.shift() as never,
      close: () => void stock.push("closed"),
    };
    const row = {
      write: (connections: number) => void written.push(connections),
      leave: () => void written.push("left"),
      leastOfOthers: () => least,
    };
    const turns = {
      accepted: (...numbers: unknown[]) => (asked.push(numbers), pause),
      resumed: (waiting: boolean) => void found.push(waiting),
    };
    new Acceptor(listener, socket, row, turns).start();
  });

  it("tells how many connections there are, from the start", () => {
    listener.accept();
    listener.accept();
    listener.close();
    expect(written).to.deep.equal([0, 1, 2, 1]);
  });

  it("asks at each connection that it accepts whether it is ahead", () => {
    least = 3;
    listener.accept();
    listener.close();
    expect(asked).to.deep.equal([[1, 3]]);
    expect(listener.told).to.deep.equal([]);
  });

  it("pauses, and goes on with another descriptor", async () => {
    pause = 1;
    listener.accept();
    expect(listener.told).to.deep.equal(["pause"]);
    await listener.resumed();
    expect(listener.told).to.deep.equal(["pause", 'resume "a"']);
    expect(stock).to.deep.equal(["b"]);
  });

  it("does not pause a second time for connections that were accepted already", () => {
    pause = 1;
    listener.accept();
    listener.accept();
    expect(listener.told).to.deep.equal(["pause"]);
    listener.drain();
  });

  it("does not pause without a descriptor to come back with", () => {
    pause = 1;
    stock = [];
    listener.accept();
    expect(listener.told).to.deep.equal([]);
  });

  it("knows after a pause whether a connection has waited", async () => {
    pause = 1;
    listener.accept();
    await listener.resumed();
    await turn();
    expect(found).to.deep.equal([false]);

    listener.accept();
    await listener.resumed();
    // What was waiting is accepted before the loop comes to its immediates.
    pause = 0;
    listener.accept();
    await turn();
    expect(found).to.deep.equal([false, true]);
  });

  it("does not go on after the drain has begun, and gives back what it has", async () => {
    pause = 1;
    listener.accept();
    listener.drain();
    expect(written.at(-1)).to.equal("left");
    expect(stock).to.deep.equal(["a", "b", "closed"]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(listener.told).to.deep.equal(["pause"]);
  });
});
