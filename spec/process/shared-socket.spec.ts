import { type ChildProcess, type SendHandle, fork } from "node:child_process";
import { on, once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { type SocketHandle, bindSocket } from "#src/process/bound-socket.js";
import { type SocketRequest, isSocketRequest } from "#src/process/socket-messages.js";
import { until } from "../support/until.js";

type Answer = { readonly handle?: SocketHandle } & Readonly<Record<string, unknown>>;

// How children serve from it is in spec/system/balance.spec.ts.
describe("SharedSocket", () => {
  let child: ChildProcess;
  let messages: AsyncIterableIterator<unknown>;
  let bound: SocketHandle;
  let port: number;
  const requests: SocketRequest[] = [];
  /** What the primary makes of a request; nothing is no answer. */
  let reply: (request: SocketRequest) => Answer | undefined;

  beforeEach(async () => {
    requests.length = 0;
    bound = (await bindSocket({ port: 0, host: "127.0.0.1" })) as SocketHandle;
    const address: { port?: number } = {};
    bound.getsockname(address);
    port = address.port ?? 0;
    reply = () => ({ place: { block: 0, row: 1 }, handle: bound });
    const fixture = fileURLToPath(new URL("./fixtures/sharing.js", import.meta.url));
    child = fork(fixture, { execArgv: [], stdio: ["ignore", "pipe", "inherit", "ipc"] });
    messages = on(child, "message") as typeof messages;
    child.on("message", (message) => {
      if (!isSocketRequest(message)) return;
      requests.push(message);
      const { handle, ...rest } = reply(message) ?? {};
      if (Object.keys(rest).length === 0) return;
      child.send({ waterspout: "socket", id: message.id, ...rest }, handle as unknown as SendHandle | undefined);
    });
  });

  afterEach(async () => {
    const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
    child.kill("SIGKILL");
    // Until then node may still be sending it the handle.
    await ended;
    bound.close();
  });

  async function step(...message: readonly unknown[]): Promise<unknown> {
    child.send(message);
    for (;;) {
      const { value } = (await messages.next()) as IteratorYieldResult<[{ readonly answer?: unknown }]>;
      if ("answer" in value[0]) return value[0].answer;
    }
  }

  it("has descriptors of the primary's socket in stock, and asks for another for each that it gives", async () => {
    expect(await step("open", port)).to.deep.equal({ block: 0, row: 1 });
    await until(() => requests.length === 5);
    for (let taken = 1; taken <= 6; taken++) {
      expect(await step("take")).to.deep.equal({ port, hasSpare: true });
      await until(() => requests.length === 5 + taken);
    }
    expect(new Set(requests.map(({ id }) => id)).size).to.equal(11);
  });

  it("gives what it has when the primary gives no more", async () => {
    expect(await step("open", port)).to.deep.equal({ block: 0, row: 1 });
    await until(() => requests.length === 5);
    reply = () => ({ failure: { message: "the port is given up" } });
    for (const hasSpare of [true, true, true, true, false]) {
      expect(await step("take")).to.deep.equal({ port, hasSpare });
    }
    expect(await step("take")).to.deep.equal({ hasSpare: false });
  });

  it("counts the servers of an address", async () => {
    for (const at of [port, port, port + 1]) await step("open", at);
    const asked = requests.map(({ port: at, nth }) => `${at - port} ${nth}`);
    expect([...new Set(asked)]).to.deep.equal(["0 0", "0 1", "1 0"]);
  });

  it("leaves the socket to node:cluster when the primary says so", async () => {
    reply = () => ({ place: "cluster" });
    expect(await step("open", port)).to.equal("none");
    expect(requests).to.have.length(1);
  });

  it("rejects with the system's reason", async () => {
    reply = () => ({ failure: { message: "listen EADDRINUSE", code: "EADDRINUSE" } });
    expect(await step("open", port)).to.equal("EADDRINUSE: listen EADDRINUSE");
  });

  it("does not wait for a primary that has gone", async () => {
    reply = () => undefined;
    const printed = text(child.stdout as NonNullable<typeof child.stdout>);
    child.send(["open", port]);
    await until(() => requests.length === 1);
    child.disconnect();
    expect(await printed).to.equal("undefined: the primary has ended before this process listened");
  });
});
