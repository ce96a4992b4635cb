import { createHmac } from "node:crypto";
import { expect } from "chai";
import {
  type CookieSecret,
  type VerifyOptions,
  createSignedValue,
  decodeSignedValue,
  signatureKeyVersion,
} from "#src/http/signed-value.js";
import { requireTornado, tornado } from "../support/tornado.js";

const secret = "It's a secret to everybody";
const seconds = 1_300_000_000;
const clock = (): number => seconds * 1000;
/** Tornado's own test vector. */
const known = "2|1:0|10:1300000000|3:key|8:dmFsdWU=|3d4e60b996ff9c5d5788e333a0cba6f238a22c6c0f94788870e1a9ecd482e152";
const keys = { 0: "ajklasdf0ojaisdf", 1: "aslkjasaolwkjsdf" };

function decode(
  value: string | undefined,
  options: VerifyOptions = {},
  key: CookieSecret = secret,
): string | undefined {
  return decodeSignedValue(key, "key", value, { clock, ...options })?.toString();
}

describe("createSignedValue", () => {
  it("makes the value that Tornado makes", () => {
    expect(createSignedValue(secret, "key", "value", { clock })).to.equal(known);
  });

  it("takes text as UTF-8, and bytes", () => {
    expect(createSignedValue(secret, "key", "ä", { clock })).to.equal(
      createSignedValue(secret, "key", Buffer.from("ä"), { clock }),
    );
    expect(createSignedValue(secret, "key", new Uint8Array([255, 0]), { clock })).to.include("|4:/wA=|");
  });

  it("signs with the key of the version", () => {
    const value = createSignedValue(keys, "key", "value", { clock, keyVersion: 1 });
    expect(value).to.match(/^2\|1:1\|10:1300000000\|3:key\|8:dmFsdWU=\|[0-9a-f]{64}$/);
    expect(decode(value, {}, keys)).to.equal("value");
    expect(decode(value, {}, { 1: keys[1] })).to.equal("value");
  });

  it("refuses a version without a secret, also one that objects have by themselves", () => {
    expect(() => createSignedValue(keys, "key", "value", { keyVersion: 2 })).to.throw(RangeError, "version 2");
    const inherited = Object.create({ 3: "from the prototype" }) as Record<number, string>;
    expect(() => createSignedValue(inherited, "key", "value", { keyVersion: 3 })).to.throw(RangeError);
  });

  it("takes the time of now", () => {
    expect(decodeSignedValue(secret, "key", createSignedValue(secret, "key", "value"))?.toString()).to.equal("value");
  });
});

describe("decodeSignedValue", () => {
  it("gives what was signed, binary as well", () => {
    expect(decode(known)).to.equal("value");
    const bytes = Buffer.from([0, 255, 128, 10]);
    const value = createSignedValue(secret, "key", bytes, { clock });
    expect(decodeSignedValue(secret, "key", value, { clock })).to.deep.equal(bytes);
    expect(decode(createSignedValue(secret, "key", "", { clock }))).to.equal("");
  });

  it("refuses each single change of a character", () => {
    for (let index = 0; index < known.length; index += 1) {
      const other = known[index] === "1" ? "0" : "1";
      expect(decode(known.slice(0, index) + other + known.slice(index + 1)), `at ${index}`).to.equal(undefined);
    }
  });

  it("refuses each shorter value, and longer ones", () => {
    for (let length = 0; length < known.length; length += 1) expect(decode(known.slice(0, length))).to.equal(undefined);
    for (const more of ["0", "|", " ", known]) expect(decode(known + more)).to.equal(undefined);
  });

  it("refuses what was signed under another name, and names that are shifted into the value", () => {
    expect(decodeSignedValue(secret, "ke", known, { clock })).to.equal(undefined);
    expect(decodeSignedValue(secret, "keydmF", known, { clock })).to.equal(undefined);
    const shifted = known.replace("3:key|8:dmFsdWU=", "6:keydmF|5:sdWU=");
    expect(decodeSignedValue(secret, "keydmF", shifted, { clock })).to.equal(undefined);
  });

  it("refuses version 1, whose parts have no separator, and unknown versions", () => {
    const first = "dmFsdWU=|1300000000|31c934969f53e48164c50768b40cbd7e2daaaa4f";
    for (const value of [first, `1|${first}`, known.replace("2|", "3|"), known.replace("2|", "02|"), `2${known}`]) {
      expect(decode(value)).to.equal(undefined);
    }
  });

  it("refuses another secret, and a version that has none", () => {
    expect(decode(known, {}, "another secret")).to.equal(undefined);
    expect(decode(known, {}, { 1: secret })).to.equal(undefined);
    expect(decode(known, {}, { 0: secret })).to.equal("value");
    expect(decode(known, {}, Object.create({ 0: secret }) as Record<number, string>)).to.equal(undefined);
  });

  it("refuses what is older than maxAgeDays, to the second", () => {
    const after = (late: number) => ({ clock: () => (seconds + late) * 1000 });
    expect(decode(known, after(31 * 86_400))).to.equal("value");
    expect(decode(known, after(31 * 86_400 + 1))).to.equal(undefined);
    expect(decode(known, { ...after(86_400), maxAgeDays: 1 })).to.equal("value");
    expect(decode(known, { ...after(86_401), maxAgeDays: 1 })).to.equal(undefined);
    expect(decode(known, { ...after(10 ** 9), maxAgeDays: Number.POSITIVE_INFINITY })).to.equal("value");
    expect(decode(known, { maxAgeDays: Number.NaN })).to.equal(undefined);
  });

  it("refuses what is more than a day from the future", () => {
    const before = (early: number) => ({ clock: () => (seconds - early) * 1000 });
    expect(decode(known, before(86_400))).to.equal("value");
    expect(decode(known, before(86_401))).to.equal(undefined);
  });

  it("refuses numbers with a sign, space or leading zero, though their signature fits", () => {
    for (const fields of ["02:00|", "1:+|", "2: 0|", "3:0x0|", "-1:|", "1:0 |"]) {
      const forged = resigned(known.replace("1:0|", fields));
      expect(decode(forged), fields).to.equal(undefined);
    }
    expect(decode(resigned(known.replace("10:1300000000", "11:01300000000")))).to.equal(undefined);
    expect(decode(resigned(known)), "the way of forging itself").to.equal("value");
  });

  it("survives garbage", () => {
    const garbage = [
      "2|",
      "2||||",
      "2|1:0|",
      "2|999999999:x|",
      "2|1:0|1:0|1:0|1:0|",
      "2|:",
      "2|é:x|",
      "\0",
      "|".repeat(99),
    ];
    for (const value of [undefined, "", ...garbage]) expect(decode(value)).to.equal(undefined);
  });

  it("is linear: a megabyte is read within the test", () => {
    const megabyte = "x".repeat(1_000_000);
    expect(decode(createSignedValue(secret, "key", megabyte, { clock }))).to.equal(megabyte);
    expect(decode(`2|${"1:0|".repeat(250_000)}`)).to.equal(undefined);
  });
});

describe("signatureKeyVersion", () => {
  it("is what the value says", () => {
    expect(signatureKeyVersion(createSignedValue(keys, "key", "value", { keyVersion: 1 }))).to.equal(1);
    expect(signatureKeyVersion(known)).to.equal(0);
    expect(signatureKeyVersion("2|garbage")).to.equal(undefined);
    expect(signatureKeyVersion(undefined)).to.equal(undefined);
  });
});

/** The value with a signature that fits what is in front of it. */
function resigned(value: string): string {
  const signed = value.slice(0, value.lastIndexOf("|") + 1);
  return signed + createHmac("sha256", secret).update(signed).digest("hex");
}

describe("a signed value and Tornado", () => {
  const rows: { key: CookieSecret; version?: number; name: string; value: string }[] = [
    { key: secret, name: "key", value: "value" },
    { key: secret, name: "user", value: "" },
    { key: "Geheimnis-ä-日本", name: "__Host-a.b", value: "grüße ∞ 😀 |:=" },
    { key: keys, version: 0, name: "k", value: "x".repeat(4000) },
    { key: keys, version: 1, name: "k", value: '{"a":[1,2]}' },
  ];

  before(function () {
    requireTornado(this);
  });

  /** JSON has no numbers as keys. */
  const secretOf =
    "def secret(row): return {int(k): v for k, v in row['key'].items()} if isinstance(row['key'], dict) else row['key']";

  it("is the same, byte for byte", () => {
    const theirs = tornado<string[]>(
      `[web.create_signed_value(secret(row), row['name'], row['value'], clock=lambda: ${seconds}.9, key_version=row.get('version')).decode() for row in given]`,
      rows,
      secretOf,
    );
    const ours = rows.map(({ key, version = 0, name, value }) =>
      createSignedValue(key, name, value, { clock: () => seconds * 1000 + 900, keyVersion: version }),
    );
    expect(ours).to.deep.equal(theirs);
    const read = rows.map(({ key, name }, index) => decodeSignedValue(key, name, theirs[index], { clock })?.toString());
    expect(read).to.deep.equal(rows.map(({ value }) => value));
  });

  it("is read by Tornado", () => {
    const signed = rows.map((row) => ({
      ...row,
      signed: createSignedValue(row.key, row.name, row.value, { keyVersion: row.version ?? 0 }),
    }));
    const read = tornado<string[]>(
      "[web.decode_signed_value(secret(row), row['name'], row['signed'], min_version=2).decode() for row in given]",
      signed,
      secretOf,
    );
    expect(read).to.deep.equal(rows.map(({ value }) => value));
  });
});
