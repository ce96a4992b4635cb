import type { IncomingMessage } from "node:http";
import { expect } from "chai";
import { handshakeFault, isHandshake, isSameHost, offeredProtocols } from "#src/http/websocket-handshake.js";

/** A request as Node gives it, with what a faultless handshake has. */
function request(
  headers: Record<string, string | undefined> = {},
  more: Partial<IncomingMessage> = {},
): IncomingMessage {
  const all = {
    connection: "keep-alive, Upgrade",
    upgrade: "WebSocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  };
  return { method: "GET", httpVersion: "1.1", headers: all, ...more } as unknown as IncomingMessage;
}

describe("handshakeFault", () => {
  it("finds none in names in any case and in a Connection with other tokens", () => {
    expect(handshakeFault(request())).to.equal(undefined);
    expect(handshakeFault(request({ "content-length": "0" }))).to.equal(undefined);
    expect(handshakeFault(request({ "sec-websocket-protocol": "a, b" }))).to.equal(undefined);
  });

  it("says what another version has to become", () => {
    expect(handshakeFault(request({ "sec-websocket-version": "12" }))).to.deep.include({
      status: 426,
      headers: { Upgrade: "websocket", "Sec-WebSocket-Version": "13" },
    });
  });

  it("finds what is missing or malformed", () => {
    const faulty = [
      request({ upgrade: undefined }),
      request({ connection: "keep-alive" }),
      request({ connection: "upgraded" }),
      request({ "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==" }),
      request({ "content-length": "1" }),
      request({ "transfer-encoding": "chunked" }),
      request({ "sec-websocket-protocol": "a b" }),
      request({ "sec-websocket-protocol": "" }),
      request({}, { httpVersion: "1.0" }),
    ];
    for (const message of faulty) expect(handshakeFault(message)?.status, JSON.stringify(message)).to.equal(400);
  });
});

describe("isHandshake", () => {
  it("is true for GET alone", () => {
    expect(isHandshake(request())).to.equal(true);
    expect(isHandshake(request({}, { method: "POST" }))).to.equal(false);
    expect(isHandshake(request({ "sec-websocket-key": "x" }))).to.equal(false);
  });
});

describe("offeredProtocols", () => {
  it("lists them in their order", () => {
    expect(offeredProtocols(request())).to.deep.equal([]);
    expect(offeredProtocols(request({ "sec-websocket-protocol": "b,a , c" }))).to.deep.equal(["b", "a", "c"]);
  });
});

describe("isSameHost", () => {
  it("compares host and port, with the port that goes without saying for the page's scheme", () => {
    expect(isSameHost("http://a.b", "a.b")).to.equal(true);
    expect(isSameHost("http://a.b", "A.B:80")).to.equal(true);
    expect(isSameHost("https://a.b", "a.b:443")).to.equal(true);
    expect(isSameHost("http://a.b", "a.b:443")).to.equal(false);
    expect(isSameHost("http://a.b:81", "a.b")).to.equal(false);
  });

  it("is false for what is no host", () => {
    for (const origin of ["null", "", "file:///x", "data:text/html,x", "http://"]) {
      expect(isSameHost(origin, ""), origin).to.equal(false);
    }
  });
});
