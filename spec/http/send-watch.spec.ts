import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { expect } from "chai";
import { SendWatch } from "#src/http/send-watch.js";

/** Several times what the kernel's buffers of both sides hold. */
const much = Buffer.alloc(64 * 1024 * 1024);

/** A clock that stands still until it is set, and knows when it was looked at. */
class Clock {
  time = 0;
  #looked: (() => void)[] = [];

  readonly now = (): number => {
    for (const resolve of this.#looked.splice(0)) resolve();
    return this.time;
  };

  async looks(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await new Promise<void>((resolve) => this.#looked.push(resolve));
  }
}

/** Reads at least so many bytes, more than the kernel holds back, so that the sender must have made progress. */
async function take(socket: Socket, bytes: number): Promise<void> {
  for (let taken = 0; taken < bytes;) {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) await once(socket, "readable");
    else taken += chunk.length;
  }
}

describe("SendWatch", () => {
  let server: Server;
  let client: Socket;
  let peer: Socket;

  beforeEach(async () => {
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    [peer] = (await once(server, "connection")) as [Socket];
    peer.on("error", () => {});
  });

  afterEach(() => {
    client.destroy();
    peer.destroy();
    server.close();
  });

  it("reports a client that takes nothing, once", async () => {
    const stalled: Socket[] = [];
    await new Promise<void>((resolve) => {
      const watch = new SendWatch(40, 10, (socket) => {
        stalled.push(socket);
        resolve();
      });
      peer.write(much);
      watch.watch(peer);
      watch.watch(peer);
    });
    expect(stalled).to.deep.equal([peer]);
  });

  it("leaves a slow client alone as long as it takes some", async () => {
    const clock = new Clock();
    const stalled: number[] = [];
    const watch = new SendWatch(100, 5, () => stalled.push(clock.time), clock.now);
    peer.write(much);
    watch.watch(peer);
    for (let step = 0; step < 4; step++) {
      await take(client, 12 * 1024 * 1024);
      await clock.looks(2);
      clock.time += 90;
      await clock.looks(1);
    }
    expect(stalled).to.deep.equal([]);
    await clock.looks(1);
    clock.time += 101;
    await clock.looks(1);
    expect(stalled).to.deep.equal([461]);
  });

  it("watches nothing with a timeout of 0", () => {
    const watch = new SendWatch(0, 10, () => expect.fail("it reported"));
    peer.write(much);
    watch.watch(peer);
  });
});
