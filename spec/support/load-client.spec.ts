import { expect } from "chai";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type LoadOptions, type LoadResult, startLoad, summary } from "./load-client.js";

/** What the server does with each request that it has read. */
type Behaviour = (socket: Socket, count: number) => void;

const answer = (text: string, fields = ""): string =>
  `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${text.length}\r\n\r\n${text}`;

describe("load client", () => {
  let server: Server;
  let connections: number;

  afterEach(() => {
    server.close();
  });

  async function serve(behaviour: Behaviour): Promise<string> {
    connections = 0;
    server = createServer((socket) => {
      let received = "";
      let count = 0;
      connections++;
      socket.setEncoding("latin1").on("error", () => {});
      socket.on("data", (text: string) => {
        received += text;
        if (!received.endsWith("0123456789abcdef")) return;
        received = "";
        behaviour(socket, ++count);
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  async function load(behaviour: Behaviour, options: Partial<LoadOptions> = {}): Promise<LoadResult> {
    const url = await serve(behaviour);
    return startLoad({ url, clients: 2, requests: 6, ...options }).result;
  }

  /** The outcomes that came at all. */
  function seen({ counts }: LoadResult): Partial<LoadResult["counts"]> {
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  }

  it("counts whole answers, on one connection for each client", async () => {
    const result = await load((socket) => socket.write(answer("x")));
    expect(seen(result)).to.deep.equal({ ok: 6 });
    expect(connections).to.equal(2);
    expect(result.failed).to.equal(0);
    expect(result.p99).to.be.at.least(result.p50).and.above(0);
  });

  it("reads a chunked answer, in whatever pieces it comes", async () => {
    const whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
    const result = await load((socket, count) => {
      const cut = count * 20;
      socket.write(whole.slice(0, cut));
      setImmediate(() => socket.write(whole.slice(cut)));
    });
    expect(seen(result)).to.deep.equal({ ok: 6 });
    expect(connections).to.equal(2);
  });

  it("opens a connection for each request of a fresh client, and after an answer that closes", async () => {
    expect(seen(await load((socket) => socket.write(answer("x")), { mix: { fresh: 1 } }))).to.deep.equal({ ok: 6 });
    expect(connections).to.equal(6);
    server.close();
    const closing = await load((socket) => socket.end(answer("x", "Connection: close\r\n")));
    expect(seen(closing)).to.deep.equal({ ok: 6 });
    expect(connections).to.equal(6);
  });

  it("takes no harm when an idle connection is closed", async () => {
    const closeLater: Behaviour = (socket) => socket.write(answer("x"), () => socket.end());
    const result = await load(closeLater, { clients: 1, requests: 3, mix: { paced: 1 } });
    expect(seen(result)).to.deep.equal({ ok: 3 });
    expect(connections).to.equal(3);
  });

  it("takes an answer that ends with the connection", async () => {
    expect(seen(await load((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nx")))).to.deep.equal({ ok: 6 });
  });

  for (const [outcome, what, behaviour] of [
    ["status", "another status", (socket) => socket.write("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")],
    ["hung", "no answer in time", () => {}],
    ["hung", "half an answer in time", (socket) => socket.write(answer("xy").slice(0, -1))],
    ["reset", "a reset before the answer", (socket) => socket.resetAndDestroy()],
    ["reset", "a reset in the answer", (socket) => resetAfter(socket, answer("xy").slice(0, -1))],
    ["truncated", "an end in the body", (socket) => socket.end(answer("xy").slice(0, -1))],
    ["truncated", "an end in the head", (socket) => socket.end("HTTP/1.1 200 OK\r\n")],
    [
      "truncated",
      "an end in a chunk",
      (socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
    ],
    ["closed", "an end before the answer", (socket) => socket.end()],
    ["malformed", "what is no answer", (socket) => socket.write("SSH-2.0-x\r\n")],
    ["malformed", "more than was announced", (socket) => socket.write(`${answer("x")}y`)],
  ] as readonly (readonly [keyof LoadResult["counts"], string, Behaviour])[]) {
    it(`counts ${what} as ${outcome}`, async () => {
      const result = await load(behaviour, outcome === "hung" ? { timeout: 200 } : {});
      expect(seen(result)).to.deep.equal({ [outcome]: 6 });
      expect(result.failed).to.equal(6);
      expect(result.failures).to.have.length(6);
      expect(result.failures[0]).to.include({ outcome, kind: "busy", lastPid: undefined });
      expect(summary(result)).to.include(`6 failed (6 ${outcome})`);
    });
  }

  it("counts a port on which nobody listens as refused", async () => {
    const url = await serve(() => {});
    server.close();
    expect(seen(await startLoad({ url, clients: 1, requests: 3 }).result)).to.deep.equal({ refused: 3 });
  });

  it("knows who answered, by field or body, and on how many connections", async () => {
    const byField: Behaviour = (socket) => socket.write(answer("x", "X-Pid: 12\r\n"));
    const { processes } = await load((socket, count) =>
      count > 2 ? socket.write(answer('{"pid":34}')) : byField(socket, count),
    );
    expect(processes["12"]).to.include({ answers: 4, connections: 2 });
    expect(processes["34"]).to.include({ answers: 2, connections: 0 });
  });

  it("remembers which process a failed request was with", async () => {
    const result = await load(
      (socket, count) => (count > 1 ? socket.resetAndDestroy() : socket.write(answer('{"pid":34}'))),
      {
        clients: 1,
        requests: 2,
      },
    );
    expect(seen(result)).to.deep.equal({ ok: 1, reset: 1 });
    expect(result.failures[0]).to.include({ lastPid: "34" });
  });

  it("divides the clients by the mix", async () => {
    const mix = { busy: 4, paced: 3, thinking: 2, fresh: 1 };
    const { countsByKind } = await load(() => {}, { clients: 20, requests: 20, mix, timeout: 300 });
    const clients = Object.fromEntries(Object.entries(countsByKind).map(([kind, counts]) => [kind, counts.hung]));
    expect(clients).to.deep.equal({ busy: 8, paced: 6, thinking: 4, fresh: 2 });
  });

  it("stops when it is told, and waits for what is under way", async () => {
    const url = await serve((socket, count) => count < 3 && socket.write(answer("x")));
    const running = startLoad({ url, clients: 2, timeout: 300 });
    await running.reached(4);
    const result = await running.stop();
    expect(seen(result)).to.deep.equal({ ok: 4, hung: 2 });
    await running.reached(7).then(
      () => expect.fail("it ended before"),
      (error: Error) => expect(error.message).to.include("ended after 6 requests"),
    );
  });

  it("ends after its seconds", async () => {
    const result = await load((socket) => socket.write(answer("x")), { requests: 1e9, seconds: 0.1 });
    expect(result.seconds).to.be.at.least(0.1);
    expect(result.requests).to.be.above(0);
  });
});

function resetAfter(socket: Socket, text: string): void {
  socket.write(text);
  // The client has to read the text before the reset, which would discard it.
  setTimeout(() => socket.resetAndDestroy(), 20);
}
