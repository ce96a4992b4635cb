import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { expect } from "chai";
import { HTTPServerRequest, RequestHeaders } from "#src/http/request.js";
import { httpSettings } from "#src/http/limits.js";
import { HTTPTransport } from "#src/http/server.js";
import { RawClient } from "../support/raw-client.js";

describe("RequestHeaders", () => {
  const headers = new RequestHeaders({ "content-type": "a/b", "set-cookie": ["a", "b"] });

  it("finds a field in any case", () => {
    expect(headers.get("Content-Type")).to.equal("a/b");
    expect(headers.get("SET-COOKIE")).to.equal("a, b");
    expect(headers.has("X")).to.equal(false);
  });

  it("does not find what an object inherits", () => {
    for (const name of ["__proto__", "constructor", "toString"]) expect(headers.get(name)).to.equal(undefined);
  });

  it("can be iterated", () => {
    expect([...headers]).to.deep.equal([
      ["content-type", "a/b"],
      ["set-cookie", "a, b"],
    ]);
  });
});

describe("HTTPServerRequest", () => {
  let transport: HTTPTransport;
  let client: RawClient;
  let message: IncomingMessage;

  /** The request as the server sees it, still without an answer. */
  async function receive(bytes: string): Promise<HTTPServerRequest> {
    const arrived = new Promise<IncomingMessage>((resolve) => {
      transport = new HTTPTransport((received) => resolve(received), httpSettings({ drainLinger: 0 }));
    });
    const { port } = await transport.listen({ port: 0, host: "127.0.0.1" });
    client = new RawClient(port);
    client.send(bytes);
    message = await arrived;
    return new HTTPServerRequest(message, { path: "/canonical", query: "a=1" });
  }

  afterEach(async () => {
    client.close();
    await transport.drain();
  });

  it("reads cookies from all fields, once", async () => {
    const request = await receive("GET / HTTP/1.1\r\nHost: x\r\nCookie: a=1; b=2\r\nCookie: a=3; c=4\r\n\r\n");
    expect({ ...request.cookies }).to.deep.equal({ a: "1", b: "2", c: "4" });
    expect(request.cookies).to.equal(request.cookies);
  });

  it("has no cookies without a field", async () => {
    expect({ ...(await receive("GET / HTTP/1.1\r\nHost: x\r\n\r\n")).cookies }).to.deep.equal({});
  });

  it("shows what came", async () => {
    const request = await receive(
      "POST /a%2Fb?a=1 HTTP/1.1\r\nHost: A.example:81\r\nX-B: c\r\nContent-Length: 1\r\n\r\n",
    );
    expect(request).to.include({
      method: "POST",
      uri: "/a%2Fb?a=1",
      path: "/canonical",
      query: "a=1",
      version: "HTTP/1.1",
      host: "A.example:81",
      hostName: "a.example",
      protocol: "http",
      remoteIp: "127.0.0.1",
      hasBody: true,
    });
    expect(request.headers.get("x-b")).to.equal("c");
    expect(request.body).to.have.length(0);
    expect(request.fullUrl()).to.equal("http://A.example:81/a%2Fb?a=1");
    expect(request.socket).to.equal(message.socket);
    expect(request.requestTime()).to.be.within(0, performance.now() - request.started);
  });

  it("takes the host of an absolute-form target over the Host field", async () => {
    const request = await receive("GET http://b.example:82/x?y HTTP/1.1\r\nHost: a.example\r\n\r\n");
    expect(request).to.include({ host: "b.example:82", hostName: "b.example", hasBody: false });
    expect(request.fullUrl()).to.equal("http://b.example:82/x?y");
  });

  it("names the address it came in on when HTTP/1.0 gives no Host", async () => {
    const request = await receive("GET / HTTP/1.0\r\n\r\n");
    expect(request).to.include({ version: "HTTP/1.0", host: `127.0.0.1:${transport.address?.port}` });
  });

  it("shows what a trusted proxy said", async () => {
    await receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const forwarded = { remoteIp: "192.0.2.1", protocol: "https", host: "c" } as const;
    const request = new HTTPServerRequest(message, { path: "/", query: "" }, forwarded);
    expect(request).to.include(forwarded);
    expect(request.fullUrl()).to.equal("https://c/");
  });

  it("still knows its own target after the client has left", async () => {
    const request = await receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.close();
    await once(message.socket, "close");
    expect(request).to.include({ host: "a", uri: "/" });
    // Node may have forgotten it; whether it has depends on who asked before.
    expect(request.remoteIp).to.be.oneOf(["", "127.0.0.1"]);
  });
});
