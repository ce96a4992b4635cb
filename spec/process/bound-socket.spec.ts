import { expect } from "chai";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { bindSocket, type SocketHandle } from "#src/process/bound-socket.js";
import { RawClient } from "../support/raw-client.js";

describe("bindSocket", () => {
  const opened: (SocketHandle | Server)[] = [];

  afterEach(() => {
    for (const one of opened.splice(0)) one.close();
  });

  async function bind(port: number, host?: string): Promise<SocketHandle> {
    const handle = await bindSocket({ port, host });
    if (handle === undefined) throw new Error("this Node cannot bind without a server");
    opened.push(handle);
    return handle;
  }

  function addressOf(handle: SocketHandle): AddressInfo {
    const address = {} as AddressInfo;
    expect(handle.getsockname(address)).to.equal(0);
    return address;
  }

  async function codeOf(binding: Promise<unknown>): Promise<string | undefined> {
    return binding.then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code,
    );
  }

  it("takes a free port and refuses connections until somebody listens", async () => {
    const { address, port } = addressOf(await bind(0, "127.0.0.1"));
    expect(address).to.equal("127.0.0.1");
    expect(port).to.be.above(0);
    const client = new RawClient(port);
    await client.end();
    expect(client.error).to.equal("ECONNREFUSED");
  });

  it("can be listened on", async () => {
    const handle = await bind(0, "127.0.0.1");
    const { port } = addressOf(handle);
    const server = createServer((socket) => socket.end("hello")).listen(handle);
    opened[0] = server;
    await once(server, "listening");
    expect(await new RawClient(port).end()).to.equal("hello");
  });

  it("knows names, and takes every address without one", async () => {
    expect(addressOf(await bind(0, "localhost")).address).to.match(/^(127\.0\.0\.1|::1)$/);
    expect(addressOf(await bind(0)).address).to.match(/^(::|0\.0\.0\.0)$/);
  });

  it("says that a port is taken, a name unknown, an address not of this machine", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    opened.push(server);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    expect(await codeOf(bind(port, "127.0.0.1"))).to.equal("EADDRINUSE");
    expect(await codeOf(bind(0, "192.0.2.1"))).to.equal("EADDRNOTAVAIL");
    expect(await codeOf(bind(0, "no-such-host.invalid"))).to.match(/^(ENOTFOUND|EAI_AGAIN)$/);
  });
});
