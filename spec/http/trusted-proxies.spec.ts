import type { IncomingMessage } from "node:http";
import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import type { ForwardedOrigin } from "#src/http/request.js";
import { type ProxyHeaders, TrustedProxies } from "#src/http/trusted-proxies.js";

/** A request as it comes from `peer`. */
function from(peer: string, headers: Readonly<Record<string, string>>): IncomingMessage {
  return { socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage;
}

const x = (for_: string, proto?: string, host?: string): Record<string, string> => ({
  "x-forwarded-for": for_,
  ...(proto === undefined ? {} : { "x-forwarded-proto": proto }),
  ...(host === undefined ? {} : { "x-forwarded-host": host }),
});

const trusted = ["loopback", "10.0.0.0/8", "2001:db8::/32"];

function origin(
  headers: Readonly<Record<string, string>>,
  peer = "127.0.0.1",
  kind?: ProxyHeaders,
): ForwardedOrigin | undefined {
  return new TrustedProxies(trusted, kind).originOf(from(peer, headers));
}

describe("TrustedProxies", () => {
  it("believes nobody else, whatever is said", () => {
    const said = { ...x("192.0.2.1", "https", "a.example"), "x-real-ip": "192.0.2.1" };
    for (const peer of ["203.0.113.1", "11.0.0.1", "2001:db9::1", "", "::ffff:203.0.113.1"]) {
      expect(origin(said, peer), peer).to.equal(undefined);
      expect(origin({ forwarded: "for=192.0.2.1;proto=https" }, peer), peer).to.equal(undefined);
    }
  });

  it("believes a trusted peer in any notation", () => {
    for (const peer of ["127.0.0.1", "::1", "::ffff:10.1.2.3", "10.255.0.1", "2001:db8::5"]) {
      expect(origin(x("192.0.2.1", "https", "a.example"), peer), peer).to.deep.equal({
        remoteIp: "192.0.2.1",
        protocol: "https",
        host: "a.example",
      });
    }
  });

  const rows: [title: string, headers: Record<string, string>, expected: ForwardedOrigin][] = [
    ["says nothing when nothing is said", {}, {}],
    ["walks from the right, past trusted hops", x("192.0.2.1, 10.0.0.1, 10.0.0.2"), { remoteIp: "192.0.2.1" }],
    [
      "stops at the first that is not trusted: the rest is the client's word",
      x("1.1.1.1, 192.0.2.1, 10.0.0.2"),
      { remoteIp: "192.0.2.1" },
    ],
    ["takes the leftmost when all are trusted", x("10.0.0.3, 10.0.0.2"), { remoteIp: "10.0.0.3" }],
    ["takes IPv6 with a port", x("[2001:db9::1]:443"), { remoteIp: "2001:db9::1" }],
    ["knows the proxy that garbage spoke to", x("192.0.2.1, unknown, 10.0.0.2"), { remoteIp: "10.0.0.2" }],
    ["knows only the peer when its own word is garbage", x("192.0.2.1, garbage"), {}],
    [
      "takes a protocol that was replaced on the way",
      x("192.0.2.1, 10.0.0.1", "https"),
      { remoteIp: "192.0.2.1", protocol: "https" },
    ],
    [
      "takes the protocol of the same hop",
      x("192.0.2.1, 10.0.0.1", "http, https, http"),
      { remoteIp: "192.0.2.1", protocol: "https" },
    ],
    ["does not take a client's protocol", x("192.0.2.1", "https, http"), { remoteIp: "192.0.2.1", protocol: "http" }],
    ["takes the nearest protocol without addresses", { "x-forwarded-proto": "https, http" }, { protocol: "http" }],
    ["does not take another protocol", x("192.0.2.1", "gopher"), { remoteIp: "192.0.2.1" }],
    [
      "takes the host of the same hop",
      x("192.0.2.1", undefined, "evil.example, a.example:8443"),
      { remoteIp: "192.0.2.1", host: "a.example:8443" },
    ],
    ["does not take a malformed host", x("192.0.2.1", undefined, "a@b"), { remoteIp: "192.0.2.1" }],
    [
      "reads Forwarded",
      { forwarded: 'for="[2001:db9::1]:80";proto=https;host=a.example' },
      { remoteIp: "2001:db9::1", protocol: "https", host: "a.example" },
    ],
    [
      "walks Forwarded",
      { forwarded: "for=1.1.1.1;proto=https, for=192.0.2.1;proto=http;host=a, for=10.0.0.1;proto=https;host=b" },
      { remoteIp: "192.0.2.1", protocol: "http", host: "a" },
    ],
    [
      "knows no protocol that the hop did not say",
      { forwarded: "for=192.0.2.1, for=10.0.0.1;proto=https" },
      { remoteIp: "192.0.2.1" },
    ],
    [
      "knows the proxy that a hidden client spoke to",
      { forwarded: "for=_hidden;proto=https, for=10.0.0.9" },
      { remoteIp: "10.0.0.9", protocol: "https" },
    ],
    ["finds a malformed Forwarded", { forwarded: 'for="evil, for=192.0.2.1' }, { malformed: "malformed Forwarded" }],
    [
      "finds both kinds, of which one is the client's",
      { ...x("192.0.2.1"), forwarded: "for=192.0.2.1" },
      { malformed: "both Forwarded and X-Forwarded-…: set proxyHeaders" },
    ],
    [
      "finds both kinds in any combination",
      { "x-forwarded-host": "a", forwarded: "for=192.0.2.1" },
      { malformed: "both Forwarded and X-Forwarded-…: set proxyHeaders" },
    ],
  ];
  for (const [title, headers, expected] of rows) {
    it(title, () => expect(origin(headers)).to.deep.equal(expected));
  }

  it("reads one kind alone when it is told which", () => {
    const both = { ...x("192.0.2.1", "https"), forwarded: "for=192.0.2.2;proto=http" };
    expect(origin(both, "::1", "x-forwarded")).to.deep.equal({ remoteIp: "192.0.2.1", protocol: "https" });
    expect(origin(both, "::1", "forwarded")).to.deep.equal({ remoteIp: "192.0.2.2", protocol: "http" });
    expect(origin(x("192.0.2.1"), "::1", "forwarded")).to.deep.equal({});
    expect(origin({ forwarded: '"' }, "::1", "x-forwarded")).to.deep.equal({});
  });

  it("walks a thousand hops", () => {
    const hops = Array.from({ length: 1000 }, (_, n) => `10.0.${n % 256}.1`).join(", ");
    expect(origin(x(`192.0.2.1, ${hops}`))).to.deep.equal({ remoteIp: "192.0.2.1" });
  });

  it("does not find headers that objects have by themselves", () => {
    const headers = Object.create({ "x-forwarded-for": "192.0.2.1" }) as Record<string, string>;
    expect(origin(headers)).to.deep.equal({});
  });

  it("remembers a connection, not an address", () => {
    const proxies = new TrustedProxies(trusted);
    const message = from("127.0.0.1", x("192.0.2.1"));
    expect(proxies.originOf(message)).to.deep.equal({ remoteIp: "192.0.2.1" });
    expect(proxies.originOf(message)).to.deep.equal({ remoteIp: "192.0.2.1" });
    expect(proxies.originOf(from("203.0.113.1", x("192.0.2.1")))).to.equal(undefined);
  });

  it("refuses other kinds and ranges that are none", () => {
    expect(() => new TrustedProxies(trusted, "via" as "forwarded")).to.throw(
      ConfigurationError,
      /proxyHeaders must be/,
    );
    expect(() => new TrustedProxies(["1"])).to.throw(ConfigurationError, /^trustedProxies: "1" is no address/);
  });
});
