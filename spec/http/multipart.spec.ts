import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { Finish, HTTPError } from "#src/errors.js";
import { httpSettings } from "#src/http/limits.js";
import { type FormLimits, MultipartForm } from "#src/http/multipart.js";

const settings = httpSettings();

/** A body of parts, each a header section and its bytes. */
function body(...parts: readonly (readonly [header: string, content: string | Uint8Array])[]): Buffer {
  const texts = parts.flatMap(([header, content]) => [`--b\r\n${header}\r\n\r\n`, content, "\r\n"]);
  return Buffer.concat(
    [...texts, "--b--\r\n"].map((piece) => (typeof piece === "string" ? Buffer.from(piece) : piece)),
  );
}

const field = (name: string, value: string): readonly [string, string] => [
  `Content-Disposition: form-data; name="${name}"`,
  value,
];
const file = (name: string, filename: string, content: string | Uint8Array): readonly [string, string | Uint8Array] => [
  `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: image/png`,
  content,
];

async function parse(cut: Iterable<Uint8Array>, limits: Partial<FormLimits> = {}): Promise<MultipartForm> {
  const form = new MultipartForm("b", { ...settings, ...limits });
  try {
    for (const piece of cut) await form.write(Buffer.from(piece));
    await form.end();
    return form;
  } catch (error) {
    await form.discard();
    throw error;
  }
}

/** What a form holds, as plain data. */
async function contentOf(form: MultipartForm): Promise<unknown> {
  const files = Object.values(form.files).flat();
  const shown = await Promise.all(
    files.map(async (one) => [one.name, one.filename, one.type, one.size, (await one.buffer()).toString("latin1")]),
  );
  return { fields: Object.fromEntries(form.fields), files: shown };
}

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe("MultipartForm", () => {
  const forms: MultipartForm[] = [];
  const parsed = async (...args: Parameters<typeof parse>): Promise<MultipartForm> => {
    const form = await parse(...args);
    forms.push(form);
    return form;
  };

  afterEach(async () => {
    await Promise.all(forms.splice(0).map((form) => form.discard()));
  });

  const large = Buffer.from("\r\n--c\r\n-".repeat(20_000));
  const sample = body(
    field("a", "1"),
    file("f", "small.png", Buffer.from("\r\n--c \0\xff", "latin1")),
    field("a", ""),
    file("f", "large.png", large),
    field("e", "é\r\n--"),
    file("g", "empty.png", ""),
  );

  it("gives fields in their order, and files in theirs", async () => {
    expect(await contentOf(await parsed([sample]))).to.deep.equal({
      fields: { a: ["1", ""], e: ["é\r\n--"] },
      files: [
        ["f", "small.png", "image/png", 8, "\r\n--c \0\xff"],
        ["f", "large.png", "image/png", large.length, large.toString("latin1")],
        ["g", "empty.png", "image/png", 0, ""],
      ],
    });
  });

  it("does not care how the body is cut", async () => {
    const whole = await contentOf(await parsed([sample]));
    for (const size of [1, 1_000, 16_384, 16_385, 17_000, 65_536]) {
      expect(await contentOf(await parsed(pieces(sample, size))), `pieces of ${size}`).to.deep.equal(whole);
    }
  });

  it("does not care where the body is cut for the parser", async () => {
    // Less is put together before it is parsed.
    const long = body(field("a", "1".repeat(16_384)), file("f", "x", "2"), field("b", "3"));
    const expected = await contentOf(await parsed([long]));
    for (let at = 16_384; at < long.length; at++) {
      const cut = [long.subarray(0, at), long.subarray(at)];
      expect(await contentOf(await parsed(cut)), `cut at ${at}`).to.deep.equal(expected);
    }
  });

  it("keeps small files in memory and large ones on disk, and removes these", async () => {
    const form = await parsed([sample]);
    const [small, big] = form.files["f"] ?? [];
    expect(small?.path).to.equal(undefined);
    const path = big?.path ?? "";
    expect(existsSync(path)).to.equal(true);
    await form.discard();
    expect(existsSync(path)).to.equal(false);
  });

  it("takes what undici makes of FormData", async () => {
    const data = new FormData();
    data.append("text", 'quote " backslash \\ line\r\nbreak é');
    data.append('a"b', "x");
    data.append("file", new File(["content"], 'n"ame é.txt', { type: "text/plain" }));
    const encoded = new Response(data);
    const boundary = /boundary=(.*)$/.exec(encoded.headers.get("content-type") ?? "")?.[1] ?? "";
    const form = new MultipartForm(boundary, settings);
    await form.write(Buffer.from(await encoded.arrayBuffer()));
    await form.end();
    expect(await contentOf(form)).to.deep.equal({
      fields: { text: ['quote " backslash \\ line\r\nbreak é'], 'a"b': ["x"] },
      files: [["file", 'n"ame é.txt', "text/plain", 7, "content"]],
    });
  });

  it("puts names that are members of objects where all others are", async () => {
    const form = await parsed([body(field("__proto__", "x"), file("constructor", "c", "y"))]);
    expect([...form.fields.keys()]).to.deep.equal(["__proto__"]);
    expect(Object.keys(form.files)).to.deep.equal(["constructor"]);
    expect(({} as { x?: unknown }).x).to.equal(undefined);
    expect(form.files["toString"]).to.equal(undefined);
  });

  it("passes over what stands before the first boundary and behind the last", async () => {
    const around = Buffer.concat([Buffer.from("preamble\r\n"), body(field("a", "1")), Buffer.from("--b\r\nepilogue")]);
    expect(await contentOf(await parsed([around]))).to.deep.equal({ fields: { a: ["1"] }, files: [] });
    expect(await contentOf(await parsed([Buffer.from("--b--")]))).to.deep.equal({ fields: {}, files: [] });
  });

  const many = (count: number): Buffer => body(...Array.from({ length: count }, (_, index) => field(`f${index}`, "x")));
  const headed = (header: string): Buffer => body([`Content-Disposition: form-data; name="a"\r\n${header}`, "x"]);

  /** What of a header is not the long value: the disposition's line, and the other name with its colon and line end. */
  const rest = 'Content-Disposition: form-data; name="a"\r\nX: \r\n'.length;

  it("counts limits in: parts, header, fields", async () => {
    expect((await parsed([many(100)])).fields).to.have.property("size", 100);
    await parsed([body(field("a", "1234"), field("b", "567890"))], { fieldLimit: 10 });
    await parsed([headed(`X: ${"y".repeat(10_240 - rest)}`)]);
    await parsed([headed("X: y\r\n".repeat(19).trimEnd())]);
  });

  const refused: [
    what: string,
    bytes: Buffer | string,
    status: number,
    reason: RegExp,
    limits?: Partial<FormLimits>,
  ][] = [
    ["nothing", "", 400, /closing boundary/],
    ["no boundary", "some text", 400, /closing boundary/],
    ["another boundary", body(field("a", "1")).toString().replaceAll("--b", "--c"), 400, /closing boundary/],
    ["no closing boundary", body(field("a", "1")).subarray(0, -6), 400, /closing boundary/],
    ["half a header", "--b\r\nContent-Dispo", 400, /closing boundary/],
    ["a boundary within a header", '--b\r\nContent-Disposition: form-data; name="a"\r\n--b--', 400, /without a header/],
    ["an empty part", "--b\r\n--b--", 400, /without a header/],
    ["a part without header fields", "--b\r\n\r\nx\r\n--b--", 400, /not form-data/],
    ["a part of bare line feeds", '--b\nContent-Disposition: form-data; name="a"\n\nx\n--b--', 400, /closing boundary/],
    ["a longer boundary", body(field("a", "1")).toString().replaceAll("--b\r", "--bb\r"), 400, /not form-data/],
    ["a carriage return in a header", headed("X: y\rz").toString().replace("name", "\rname"), 400, /not form-data/],
    ["a part without a name", body(["Content-Disposition: form-data", "x"]), 400, /without a name/],
    ["101 parts", many(101), 400, /more than 100 parts/],
    ["10,000 parts", many(10_000), 400, /more than 100 parts/],
    ["21 header fields", headed("X: y\r\n".repeat(20).trimEnd()), 400, /more than 20 header fields/],
    ["10,000 header fields", headed("X: y\r\n".repeat(10_000).trimEnd()), 400, /more than 20 header fields/],
    ["a long header", headed(`X: ${"y".repeat(10_241 - rest)}`), 400, /header of more than 10240 bytes/],
    ["a header of a megabyte", headed(`X: ${"y".repeat(1_000_000)}`), 400, /header of more than/],
    ["a file name of 64 KiB", body(file("a", "b".repeat(65_536), "x")), 400, /malformed|header of more/],
    ["long fields", body(field("a", "12345"), field("b", "678901")), 413, /more than 10 bytes/, { fieldLimit: 10 }],
    ["a field that is not UTF-8", body(["Content-Disposition: form-data; name=a", Buffer.from([0xff])]), 400, /UTF-8/],
    [
      "a nested form",
      body(["Content-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed", "x"]),
      400,
      /within/,
    ],
  ];
  for (const [what, bytes, status, reason, limits] of refused) {
    for (const size of [65_536, 11]) {
      it(`refuses ${what} with ${status}, in pieces of ${size}`, async () => {
        const failure = await parse(pieces(Buffer.from(bytes), size), limits).catch((error: unknown) => error);
        expect(failure).to.be.instanceOf(HTTPError);
        expect(failure).to.have.property("status", status);
        expect((failure as Error).message).to.match(reason);
      });
    }
  }

  it("leaves nothing on disk when a later part is refused, or the rest is never written", async () => {
    const form = new MultipartForm("b", settings);
    const bytes = body(file("f", "x", large), file("g", "y", large), ["X: y", "x"]);
    await form.write(bytes.subarray(0, large.length + 1_000));
    await form.discard();
    const other = await parsed([sample]);
    const folder = dirname(other.files["f"]?.[1]?.path ?? "");
    const files = readdirSync(folder);
    expect(await parse([bytes]).catch((error: unknown) => error)).to.be.instanceOf(HTTPError);
    expect(readdirSync(folder)).to.deep.equal(files);
    expect(files).to.have.length(1);
  });

  it("has the disk take what it was given before it asks for more", async () => {
    const folder = dirname((await parsed([sample])).files["f"]?.[1]?.path ?? "");
    const present = new Set(readdirSync(folder));
    const form = new MultipartForm("b", settings);
    forms.push(form);
    await form.write(body(file("f", "x", Buffer.alloc(1_000_000))).subarray(0, 900_000));
    const [added = ""] = readdirSync(folder).filter((name) => !present.has(name));
    // The parser keeps the length of a boundary back.
    expect(statSync(join(folder, added)).size).to.be.above(899_000);
  });

  it("ends with what the disk says when it cannot take a file", async () => {
    const { TMPDIR } = process.env;
    rmSync(dirname((await parsed([sample])).files["f"]?.[1]?.path ?? ""), { recursive: true });
    process.env["TMPDIR"] = "/nowhere/at/all";
    try {
      const failure = await parse([body(file("f", "x", large))]).catch((error: unknown) => error);
      expect(failure).to.have.property("code", "ENOENT");
    } finally {
      if (TMPDIR === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = TMPDIR;
    }
    expect(Object.keys((await parsed([sample])).files)).to.deep.equal(["f", "g"]);
  });

  it("gives the first of several errors to everybody", async () => {
    const form = new MultipartForm("b", { ...settings, partLimit: 1 });
    await form.write(body(["X: y", "x"], field("a", "1")));
    const failure = await form.end().catch((error: unknown) => error);
    expect(failure).to.match(/not form-data/);
    expect(() => form.write(sample)).to.throw(failure as Error);
    await form.discard();
  });

  it("answers whoever still writes to it when it is discarded", async () => {
    const form = new MultipartForm("b", settings);
    await form.discard();
    expect(() => form.write(sample)).to.throw(Finish);
    expect(await form.end().catch((error: Error) => error.name)).to.equal("Finish");
  });

  it("ends, and in the same way, for whatever is thrown at it", async () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    const tokens = ["--b", "\r\n", "\r", "\n", "-", "--b--", "\r\n--b", "A: b", "\r\n\r\n", "x", " "];
    tokens.push('Content-Disposition: form-data; name="a"', 'Content-Disposition: form-data; name="a"; filename="f"');
    const outcome = async (cut: Iterable<Uint8Array>): Promise<unknown> =>
      parsed(cut, { uploadMemory: 1 }).then(contentOf, (error: HTTPError) => error.status);
    for (let round = 0; round < 2_000; round++) {
      const text = `--b\r\n${Array.from({ length: random(16) }, () => tokens[random(tokens.length)]).join("")}`;
      const bytes = Buffer.from(text);
      const whole = await outcome([bytes]);
      expect(await outcome(pieces(bytes, 1 + random(9))), JSON.stringify(text)).to.deep.equal(whole);
    }
  });
});
