import { expect } from "chai";
import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { SocketHandle } from "#src/process/bound-socket.js";
import { Scoreboard } from "#src/process/scoreboard.js";
import { SocketHolder } from "#src/process/socket-holder.js";
import type { SocketReply } from "#src/process/socket-messages.js";
import { RawClient } from "../support/raw-client.js";

/** The primary's side of a child, as far as the holder sees it. */
class Child {
  connected = true;
  readonly handles: SocketHandle[] = [];
  #answered: ((reply: SocketReply) => void) | undefined;

  readonly process = {
    send: (message: SocketReply, handle?: SocketHandle) => {
      if (handle !== undefined) this.handles.push(handle);
      this.#answered?.(message);
    },
  };

  isConnected(): boolean {
    return this.connected;
  }

  ask(port: number, nth = 0): Promise<SocketReply> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      cluster.emit("message", this as unknown as Worker, { waterspout: "socket", id: 7, port, nth, host: "127.0.0.1" });
    });
  }

  end(): void {
    cluster.emit("exit", this as unknown as Worker, 0, "");
  }

  /** The port of the socket that came last. */
  get port(): number {
    const address: { port?: number } = {};
    this.handles.at(-1)?.getsockname(address);
    return address.port ?? 0;
  }
}

describe("SocketHolder", () => {
  let holder: SocketHolder;
  let scoreboard: Scoreboard;
  let child: Child;

  beforeEach(() => {
    child = new Child();
    scoreboard = new Scoreboard();
    holder = new SocketHolder(scoreboard);
    holder.open();
  });

  afterEach(() => {
    holder.close();
    scoreboard.close();
    cluster.removeAllListeners("message").removeAllListeners("exit");
  });

  async function isOpen(port: number): Promise<boolean> {
    const client = new RawClient(port);
    await client.end();
    return client.error !== "ECONNREFUSED";
  }

  it("gives the same socket to all children, each with its own place", async () => {
    const other = new Child();
    expect(await child.ask(0)).to.deep.equal({ waterspout: "socket", id: 7, place: { block: 0, row: 0 } });
    expect(await other.ask(0)).to.deep.include({ place: { block: 0, row: 1 } });
    expect(other.port).to.equal(child.port).and.above(0);
  });

  it("gives a child as many descriptors as it asks for, and one place", async () => {
    await child.ask(0);
    expect(await child.ask(0)).to.deep.include({ place: { block: 0, row: 0 } });
    expect(child.handles).to.have.length(2);
  });

  it("tells several servers of a child apart, also those with port 0", async () => {
    await child.ask(0);
    const { port } = child;
    expect(await child.ask(0, 1)).to.deep.include({ place: { block: 1, row: 0 } });
    expect(child.port).not.to.equal(port);
  });

  it("says why there is no socket, and tries again when it is asked again", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    expect(await child.ask(port)).to.have.nested.property("failure.code", "EADDRINUSE");
    other.close();
    await once(other, "close");
    expect(await child.ask(port)).to.have.property("place");
  });

  it("keeps the socket and gives the place away when a child has ended", async () => {
    await child.ask(0);
    const { port } = child;
    child.end();
    const next = new Child();
    expect(await next.ask(0)).to.deep.include({ place: { block: 0, row: 0 } });
    expect(next.port).to.equal(port);
  });

  it("lets go of what no child uses any more when it is told to", async () => {
    const other = new Child();
    await child.ask(0);
    await other.ask(0, 1);
    const [unused, used] = [child.port, other.port];
    child.end();
    holder.releaseUnused();
    await new Promise(setImmediate);
    const next = new Child();
    await next.ask(0);
    expect(next.port).not.to.equal(unused);
    await next.ask(0, 1);
    expect(next.port).to.equal(used);
  });

  it("gives nothing any more once it is closed", async () => {
    await child.ask(0);
    const { port } = child;
    holder.close();
    await new Promise(setImmediate);
    expect(await isOpen(port)).to.equal(false);
    expect(await child.ask(0)).to.have.nested.property("failure.code", "ECANCELED");
  });

  it("sends children to node:cluster when that is to share", async () => {
    cluster.removeAllListeners("message");
    new SocketHolder(undefined, "cluster").open();
    expect(await child.ask(0)).to.deep.equal({ waterspout: "socket", id: 7, place: "cluster" });
    expect(child.handles).to.deep.equal([]);
  });
});
