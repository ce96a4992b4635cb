import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import { AddressRanges } from "#src/http/address-ranges.js";

const holds = (ranges: readonly string[], address: string): boolean => new AddressRanges(ranges, "x").has(address);

describe("AddressRanges", () => {
  const rows: [range: string, inside: string[], outside: string[]][] = [
    ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "::ffff:a01:203"], ["11.0.0.0", "9.255.255.255"]],
    ["192.0.2.7", ["192.0.2.7"], ["192.0.2.8", "192.0.2.70"]],
    ["192.0.2.7/32", ["192.0.2.7"], ["192.0.2.6"]],
    ["2001:db8::/32", ["2001:db8::1", "2001:DB8:ffff::"], ["2001:db9::1", "192.0.2.1"]],
    ["::1", ["::1"], ["::2", "127.0.0.1"]],
    ["loopback", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"], ["128.0.0.1", "10.0.0.1"]],
    ["linklocal", ["169.254.1.1", "fe80::1"], ["169.253.1.1", "fec0::1"]],
    ["uniquelocal", ["10.0.0.1", "172.31.0.1", "192.168.0.1", "fd00::1"], ["172.32.0.1", "192.169.0.1", "fe00::1"]],
  ];
  for (const [range, inside, outside] of rows) {
    it(`knows what is in ${range}`, () => {
      for (const address of inside) expect(holds([range], address), address).to.equal(true);
      for (const address of outside) expect(holds([range], address), address).to.equal(false);
    });
  }

  it("holds all of its ranges", () => {
    const ranges = new AddressRanges(["loopback", "192.0.2.0/24"], "x");
    expect(["::1", "192.0.2.1", "192.0.3.1"].map((address) => ranges.has(address))).to.deep.equal([true, true, false]);
  });

  it("does not hold what is no address", () => {
    for (const text of ["", "loopback", "10", "10.0.0", "10.0.0.1:80", "[::1]", "localhost"]) {
      expect(holds(["10.0.0.0/8", "::1", "linklocal"], text), text).to.equal(false);
    }
  });

  const wrong = [
    "",
    "localhost",
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
    "10/8",
    "*",
    "toString",
    "1.2.3.4/1e1",
  ];
  for (const range of wrong) {
    it(`refuses ${JSON.stringify(range)}`, () => {
      expect(() => new AddressRanges([range], "x")).to.throw(ConfigurationError, /^x: ".*" is no address, no range/);
    });
  }

  it("refuses everybody, nobody, and what is no list", () => {
    for (const range of ["0.0.0.0/0", "::/0", "10.0.0.0/0"]) {
      expect(() => new AddressRanges([range], "x")).to.throw(ConfigurationError, /^x: .* is everybody/);
    }
    for (const ranges of [[], "loopback", undefined]) {
      expect(() => new AddressRanges(ranges as string[], "x")).to.throw(ConfigurationError, /x must be a list/);
    }
  });
});
