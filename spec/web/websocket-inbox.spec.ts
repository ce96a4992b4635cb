import { expect } from "chai";
import { Inbox } from "#src/web/websocket-inbox.js";

describe("Inbox", () => {
  /** What was done, in order: deliveries begin and end, the client is held back and let go. */
  let steps: string[];
  let ends: (() => void)[];
  let inbox: Inbox;

  beforeEach(() => {
    steps = [];
    ends = [];
    inbox = new Inbox({ pause: () => steps.push("pause"), resume: () => steps.push("resume") });
  });

  const add = (value: string): void => inbox.add({ hook: "onMessage", value });

  /** Deliveries end when `ends` is called. */
  const start = (): void =>
    inbox.start(({ value }) => {
      steps.push(String(value));
      return new Promise((resolve) => ends.push(resolve));
    });

  async function end(): Promise<void> {
    ends.shift()?.();
    await new Promise(setImmediate);
  }

  it("delivers nothing before it is started, then one after the other", async () => {
    add("1");
    add("2");
    expect(steps).to.deep.equal([]);
    start();
    expect(steps).to.deep.equal(["1"]);
    await end();
    expect(steps).to.deep.equal(["1", "2"]);
    await end();
    add("3");
    expect(steps).to.deep.equal(["1", "2", "3"]);
  });

  it("holds the client back from sixteen that wait, and lets it go below", async () => {
    for (let i = 0; i < 17; i++) add("x");
    expect(inbox.held).to.equal(true);
    expect(steps).to.deep.equal(["pause"]);
    start();
    expect(steps).to.deep.equal(["pause", "x"]);
    await end();
    expect(steps).to.deep.equal(["pause", "x", "resume", "x"]);
    expect(inbox.held).to.equal(false);
  });

  it("holds it back from 64 KiB that wait, too", () => {
    add("x".repeat(65_535));
    expect(inbox.held).to.equal(false);
    add("x");
    expect(inbox.held).to.equal(true);
  });

  it("forgets what waits when it is dropped, and lets the client go, whose close has to be seen", async () => {
    for (let i = 0; i < 20; i++) add("x");
    inbox.drop();
    start();
    expect(steps).to.deep.equal(["pause", "resume"]);
    await inbox.emptied();
  });

  it("takes nothing more in at its end, delivers what waits, and lets the client go when it is dropped", async () => {
    start();
    add("1");
    add("2");
    inbox.end();
    await end();
    await end();
    expect(steps).to.deep.equal(["1", "pause", "2"]);
    inbox.drop();
    expect(steps.at(-1)).to.equal("resume");
  });

  it("waits for no delivery that is done at once, however many", async () => {
    const values: unknown[] = [];
    for (let i = 0; i < 50_000; i++) add(String(i));
    inbox.start(({ value }) => void values.push(value));
    expect(values).to.have.length(50_000);
    expect(inbox.held).to.equal(false);
    await inbox.emptied();
  });

  it("is emptied when the last delivery is done", async () => {
    start();
    add("1");
    let isEmpty = false;
    const emptied = inbox.emptied().then(() => (isEmpty = true));
    await new Promise(setImmediate);
    expect(isEmpty).to.equal(false);
    await end();
    await emptied;
  });
});
