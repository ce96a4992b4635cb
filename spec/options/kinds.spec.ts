import { type TypeName, customKind, kinds } from "#src/options/kinds.js";
import { expect } from "chai";

const parse = (type: TypeName, text: string): unknown => kinds[type].parse(text);

describe("kinds", () => {
  const read: [TypeName, string, unknown][] = [
    ["string", " a=b ", " a=b "],
    ["integer", "8888", 8888],
    ["integer", "-5", -5],
    ["integer", "007", 7],
    ["number", "1.5", 1.5],
    ["number", "-2e-3", -0.002],
    ["boolean", "True", true],
    ["boolean", "1", true],
    ["boolean", "t", true],
    ["boolean", "YES", true],
    ["boolean", "False", false],
    ["boolean", "0", false],
    ["boolean", "f", false],
    ["boolean", "no", false],
    ["duration", "100", 100],
    ["duration", "100ms", 100],
    ["duration", "1.5s", 1_500],
    ["duration", "2m", 120_000],
    ["duration", "1h", 3_600_000],
    ["duration", "1d", 86_400_000],
    ["size", "512", 512],
    ["size", "512b", 512],
    ["size", "512k", 524_288],
    ["size", "64kB", 65_536],
    ["size", "1MiB", 1_048_576],
    ["size", "1.5G", 1_610_612_736],
  ];
  for (const [type, text, value] of read) {
    it(`reads ${type} ${JSON.stringify(text)} as ${JSON.stringify(value)}`, () => {
      expect(parse(type, text)).to.equal(value);
    });
  }

  const dates = {
    "2026-11-23": "2026-11-23T00:00:00.000Z",
    "2026-11-23T05:44": "2026-11-23T05:44:00.000Z",
    "2026-11-23 05:44:15.5": "2026-11-23T05:44:15.500Z",
    "2026-11-23T05:44:15Z": "2026-11-23T05:44:15.000Z",
    "2026-11-23T05:44:15+01:00": "2026-11-23T04:44:15.000Z",
  };
  for (const [text, value] of Object.entries(dates)) {
    it(`reads date ${text} as ${value}`, () => {
      expect(kinds.date.parse(text)?.toISOString()).to.equal(value);
    });
  }

  const refused: Record<Exclude<TypeName, "string">, string[]> = {
    integer: ["", " 10", "10 ", "1_0", "0x10", "1e3", "1.0", "+1", "9007199254740993", "١"],
    number: ["", " 1", "1_0", "0x10", "Infinity", "NaN", "1e999", ".", "1."],
    boolean: ["", "maybe", "2", "on"],
    duration: ["", "-1s", "1 s", "1w", "s", "1e3", "1.s", "9e99", "99999999999999999d"],
    size: ["", "-1", "1 k", "1x", "MiB", "0x10", "9999999999T"],
    date: [
      "",
      "2026-02-31",
      "2026-13-01",
      "23.11.2026",
      "2026-11-23T25:00",
      "2026-11-23T05:44 Z",
      "2026",
      "1764000000",
    ],
  };
  for (const [type, texts] of Object.entries(refused)) {
    it(`refuses as ${type} ${texts.map((text) => JSON.stringify(text)).join(", ")}`, () => {
      for (const text of texts) expect(parse(type as TypeName, text), text).to.equal(undefined);
    });
  }

  it("shows durations and sizes in the largest unit that fits", () => {
    expect([0, 1, 1_500, 60_000, 90_000, 86_400_000].map((value) => kinds.duration.format(value))).to.deep.equal([
      "0",
      "1ms",
      "1500ms",
      "1m",
      "90s",
      "1d",
    ]);
    expect([0, 1_000, 65_536, 2 ** 40].map((value) => kinds.size.format(value))).to.deep.equal([
      "0",
      "1000B",
      "64KiB",
      "1TiB",
    ]);
  });

  it("reads what it shows", () => {
    for (const value of [0, 7, 1_500, 65_536]) {
      expect(kinds.duration.parse(kinds.duration.format(value))).to.equal(value);
      expect(kinds.size.parse(kinds.size.format(value))).to.equal(value);
    }
    expect(kinds.date.parse(kinds.date.format(new Date(1_500)))).to.deep.equal(new Date(1_500));
  });
});

describe("customKind", () => {
  it("reads with the given function", () => {
    expect(customKind((text) => text.length).parse("abc")).to.equal(3);
  });
});
