import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import { AllowedHosts } from "#src/http/allowed-hosts.js";

describe("AllowedHosts", () => {
  const hosts = new AllowedHosts(["Example.com", "*.example.org", "[::1]", "127.0.0.1", "localhost"]);

  for (const host of ["example.com", "a.example.org", "a.b.example.org", "[::1]", "127.0.0.1", "localhost"]) {
    it(`has ${host}`, () => expect(hosts.has(host)).to.equal(true));
  }

  for (const host of [
    "",
    "a.example.com",
    "example.org",
    "evilexample.org",
    ".example.org.",
    "example.com.evil.net",
    "::1",
  ]) {
    it(`has not ${JSON.stringify(host)}`, () => expect(hosts.has(host)).to.equal(false));
  }

  for (const wrong of ["", "*", "*.", "a.*.b", "example.com:80", "https://example.com", "a b", "a/b", "::1", 7, null]) {
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      expect(() => new AllowedHosts([wrong as string])).to.throw(ConfigurationError, /allowedHosts: .* is no host/);
    });
  }

  it("refuses an empty list, and what is none", () => {
    for (const list of [[], "example.com", {}]) {
      expect(() => new AllowedHosts(list as string[])).to.throw(ConfigurationError, /allowedHosts must be a list/);
    }
  });
});
