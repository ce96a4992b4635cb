import { expect } from "chai";
import { parseForwarded, parseXForwarded } from "#src/http/forwarded.js";

describe("parseXForwarded", () => {
  const rows: [field: string | undefined, addresses: (string | undefined)[]][] = [
    [undefined, []],
    ["", []],
    [" ", []],
    ["192.0.2.1", ["192.0.2.1"]],
    ["192.0.2.1, 192.0.2.2 ,192.0.2.3", ["192.0.2.1", "192.0.2.2", "192.0.2.3"]],
    ["192.0.2.1:4711", ["192.0.2.1"]],
    ["2001:db8::1", ["2001:db8::1"]],
    ["[2001:DB8::1]:80", ["2001:db8::1"]],
    ["[2001:db8::1]", ["2001:db8::1"]],
    ["::ffff:192.0.2.1, ::FFFF:192.0.2.2", ["192.0.2.1", "192.0.2.2"]],
    ["unknown, _hidden, , 1.2.3, 1.2.3.4.5, fe80::1%eth0, [192.0.2.1", Array.from({ length: 7 }, () => undefined)],
    ["localhost, <script>, 192.0.2.1 192.0.2.2", [undefined, undefined, undefined]],
  ];
  for (const [field, addresses] of rows) {
    it(`reads ${JSON.stringify(field)}`, () => {
      expect(parseXForwarded(field, undefined, undefined).addresses).to.deep.equal(addresses);
    });
  }

  it("keeps protocols and hosts as they are", () => {
    const { protocols, hosts } = parseXForwarded(undefined, "https, http", "a.example , b.example:80");
    expect([protocols, hosts]).to.deep.equal([
      ["https", "http"],
      ["a.example", "b.example:80"],
    ]);
  });
});

describe("parseForwarded", () => {
  type Element = [address: string | undefined, protocol: string | undefined, host: string | undefined];
  const rows: [field: string, elements: Element[]][] = [
    ["for=192.0.2.1", [["192.0.2.1", undefined, undefined]]],
    ["For=192.0.2.1;PROTO=https;by=203.0.113.43;host=a", [["192.0.2.1", "https", "a"]]],
    [
      "for=192.0.2.1 ; proto=http , host=a",
      [
        ["192.0.2.1", "http", undefined],
        [undefined, undefined, "a"],
      ],
    ],
    ['for="[2001:db8:cafe::17]:4711";host="a.example:80"', [["2001:db8:cafe::17", undefined, "a.example:80"]]],
    ['for="192.0.2.1:_port"', [["192.0.2.1", undefined, undefined]]],
    [
      "for=unknown, for=_hidden",
      [
        [undefined, undefined, undefined],
        [undefined, undefined, undefined],
      ],
    ],
    ['for="a,b;c=\\"d";proto=http', [[undefined, "http", undefined]]],
    ['host=""', [[undefined, undefined, ""]]],
    ["ext=1", [[undefined, undefined, undefined]]],
  ];
  for (const [field, elements] of rows) {
    it(`reads ${field}`, () => {
      const { addresses = [], protocols = [], hosts = [] } = parseForwarded(field) ?? {};
      expect(addresses.map((address, index) => [address, protocols[index], hosts[index]])).to.deep.equal(elements);
    });
  }

  const malformed = [
    "",
    "for",
    "for=",
    "=1",
    'for="192.0.2.1',
    'for="evil, for=192.0.2.1',
    "for=1;for=2",
    "for=a b",
    "for=1;",
    "for=1,",
    "for=1,,for=2",
    "for=[::1]",
    "for=2001:db8::1",
    "for=1;proto=\u00e9",
    "for=1\n",
  ];
  for (const field of malformed) {
    it(`says of ${JSON.stringify(field)} that it is malformed`, () =>
      expect(parseForwarded(field)).to.equal(undefined));
  }

  it("is linear: a quadratic one would outlast the test", () => {
    for (const unit of ["for=1,", "a=1;", '\\"', '"', " ", "for=", ",", ";"]) {
      expect(parseForwarded(`for="${unit.repeat(300_000)}`), unit).to.equal(undefined);
      expect(parseForwarded(unit.repeat(300_000)), unit).to.equal(undefined);
    }
  });
});
