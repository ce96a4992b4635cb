import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { expect } from "chai";
import { SendWatch } from "#src/http/send-watch.js";

/** More than two kernel buffers hold. */
const much = Buffer.alloc(32 * 1024 * 1024);

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

  it("leaves a slow client alone that takes some", async () => {
    const watch = new SendWatch(200, 10, (socket) => socket.destroy());
    peer.write(much);
    watch.watch(peer);
    let taken = 0;
    // One read of up to 1 MiB at a time, each well within the timeout; all of them together are not.
    while (taken < much.length) {
      const chunk = client.read() as Buffer | null;
      taken += chunk?.length ?? 0;
      if (chunk === null) await once(client, "readable");
      else await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(peer.destroyed).to.equal(false);
  });

  it("watches nothing with a timeout of 0", () => {
    const watch = new SendWatch(0, 10, () => expect.fail("it reported"));
    peer.write(much);
    watch.watch(peer);
  });
});
