import { expect } from "chai";
import { isValidHost, plainAddress, splitTarget, withoutPort } from "#src/http/target.js";

describe("splitTarget", () => {
  const rows: [target: string, authority: string | undefined, path: string, query: string][] = [
    ["/", undefined, "/", ""],
    ["/a%2Fb?x=1&y=?", undefined, "/a%2Fb", "x=1&y=?"],
    ["//evil/a", undefined, "//evil/a", ""],
    ["http://a.example:81/b?c", "a.example:81", "/b", "c"],
    ["HTTPS://a.example", "a.example", "/", ""],
    ["http://a.example?c", "a.example", "/", "c"],
    ["*", undefined, "*", ""],
  ];
  for (const [target, authority, path, query] of rows) {
    it(`splits ${target}`, () => {
      expect(splitTarget(target)).to.deep.equal({ authority, path, query });
    });
  }
});

describe("isValidHost", () => {
  for (const host of ["a", "a.example", "a.example:80", "my_service:8000", "127.0.0.1", "[::1]", "[::1]:65535"]) {
    it(`accepts ${host}`, () => expect(isValidHost(host)).to.equal(true));
  }
  const wrong = [
    "",
    "a b",
    "a,b",
    "a, b",
    "u@a",
    "a/b",
    "a:",
    "a:65536",
    "a:x",
    "a:-1",
    "[::1",
    "::1",
    "[1]",
    "[a.b]",
    "a\tb",
    "ä",
  ];
  for (const host of [...wrong, "a?b", "a#b", "a%41", "a:1:2", "a".repeat(256)]) {
    it(`refuses ${JSON.stringify(host.slice(0, 10))}`, () => expect(isValidHost(host)).to.equal(false));
  }
});

describe("plainAddress", () => {
  it("takes IPv4 out of its IPv6 clothes, and leaves the rest", () => {
    const given = ["::ffff:192.0.2.1", "192.0.2.1", "2001:db8::1", "::ffff:1", ""];
    expect(given.map(plainAddress)).to.deep.equal(["192.0.2.1", "192.0.2.1", "2001:db8::1", "::ffff:1", ""]);
  });
});

describe("withoutPort", () => {
  it("removes a port and the case", () => {
    expect(withoutPort("A.example:80")).to.equal("a.example");
    expect(withoutPort("[::1]:80")).to.equal("[::1]");
    expect(withoutPort("[::1]")).to.equal("[::1]");
  });
});
