import { expect } from "chai";
import { HTTPError } from "#src/errors.js";
import { type PartFields, parsePartHead, safeFilename } from "#src/http/part-head.js";

/** The fields as a parser hands them over: one character for each byte. */
function fields(disposition: string | string[] | undefined, others: PartFields = {}): PartFields {
  const values = typeof disposition === "string" ? [disposition] : disposition;
  const bytes = values?.map((value) => Buffer.from(value).toString("latin1"));
  return { "content-disposition": bytes, ...others };
}

describe("parsePartHead", () => {
  const rows: [disposition: string, name: string, filename?: string][] = [
    ['form-data; name="a"', "a"],
    ["form-data; name=a", "a"],
    ['FORM-DATA;NAME="a";', "a"],
    [' form-data ; name = "a"'.replace(" = ", "="), "a"],
    ['form-data; name="a b;c"; filename="d;e.txt"', "a b;c", "d;e.txt"],
    ['form-data; filename="f.txt"; name="a"', "a", "f.txt"],
    ['form-data; name="日本"; filename="ファイル.png"', "日本", "ファイル.png"],
    ['form-data; name="a%22b%0D%0Ac%41"', 'a"b\r\nc%41'],
    ['form-data; name="a"; filename="say %22hi%22.txt"', "a", 'say "hi".txt'],
    ['form-data; name="a"; filename="say \\"hi\\".txt"', "a", 'say "hi".txt'],
    ['form-data; name="a"; filename="C:\\temp\\b.txt"', "a", "b.txt"],
    ['form-data; name="a"; filename="../../etc/passwd"', "a", "passwd"],
    ['form-data; name="a"; filename=""', "a"],
    ['form-data; name="a"; filename="x.txt"; filename*=UTF-8\'\'%e2%82%ac%20rates.txt', "a", "€ rates.txt"],
    ["form-data; name=a; filename*=utf-8'en'..%2F..%2Fb", "a", "b"],
    ['form-data; name="__proto__"', "__proto__"],
  ];
  for (const [disposition, name, filename] of rows) {
    it(`reads ${disposition}`, () => {
      expect(parsePartHead(fields(disposition))).to.deep.equal({ name, filename, type: undefined });
    });
  }

  const wrong: [what: string, fields: PartFields][] = [
    ["no disposition", {}],
    ["two dispositions", fields(['form-data; name="a"', 'form-data; name="b"'])],
    ["another disposition", fields('attachment; name="a"')],
    ["one that only begins so", fields('form-data-x; name="a"')],
    ["no name", fields("form-data")],
    ["an empty name", fields('form-data; name=""')],
    ["two names", fields('form-data; name="a"; NAME="b"')],
    ["two file names", fields('form-data; name="a"; filename="b"; filename="c"')],
    ["an open quote", fields('form-data; name="a')],
    ["text behind a quote", fields('form-data; name="a"b')],
    ["no separator", fields('form-data name="a"')],
    ["a NUL in the name", fields('form-data; name="a\0"')],
    ["a line break in the file name", fields('form-data; name="a"; filename="b\nc"')],
    ["a malformed filename*", fields("form-data; name=a; filename*=UTF-8''%zz")],
    ["a filename* that is not UTF-8", fields("form-data; name=a; filename*=UTF-8''%ff")],
    ["a filename* in another charset", fields("form-data; name=a; filename*=iso-8859-1''b")],
    ["a file name of 256 characters", fields(`form-data; name="a"; filename="${"b".repeat(256)}"`)],
    ["bytes that are not UTF-8", { "content-disposition": ['form-data; name="\xff"'] }],
    ["base64", fields("form-data; name=a", { "content-transfer-encoding": ["base64"] })],
    ["a malformed type", fields("form-data; name=a", { "content-type": ["text"] })],
    ["two types", fields("form-data; name=a", { "content-type": ["text/plain", "text/html"] })],
    ["a multipart within", fields("form-data; name=a", { "content-type": ["multipart/mixed; boundary=b"] })],
  ];
  for (const [what, head] of wrong) {
    it(`refuses ${what}`, () => {
      expect(() => parsePartHead(head))
        .to.throw(HTTPError)
        .with.property("status", 400);
    });
  }

  it("gives the type that the client claims, and refuses text in another charset", () => {
    const type = (value: string): unknown =>
      parsePartHead(fields("form-data; name=a", { "content-type": [value] })).type;
    expect(type(" image/PNG; x=y ")).to.equal("image/PNG; x=y");
    expect(type("text/plain; charset=utf-8")).to.equal("text/plain; charset=utf-8");
    expect(type("text/csv; charset=latin1")).to.equal("text/csv; charset=latin1");
    expect(() => type("text/plain; charset=latin1"))
      .to.throw(HTTPError)
      .with.property("status", 415);
  });

  it("accepts the transfer encodings that are none", () => {
    for (const encoding of ["7bit", "8BIT", " binary "]) {
      parsePartHead(fields("form-data; name=a", { "content-transfer-encoding": [encoding] }));
    }
  });

  it("is linear in a hostile header", () => {
    const hostile = [
      `form-data${"; ".repeat(5_000)}`,
      `form-data; name="${"\\".repeat(10_000)}`,
      `form-data;${" ".repeat(10_000)}x`,
    ];
    for (const disposition of hostile) expect(() => parsePartHead(fields(disposition))).to.throw(HTTPError);
  });
});

describe("safeFilename", () => {
  for (const [given, safe] of [
    ["a.txt", "a.txt"],
    ["/etc/passwd", "passwd"],
    ["..\\..\\a", "a"],
    ["a/..", "unnamed"],
    ["a/.", "unnamed"],
    ["a/", "unnamed"],
    ["\r\n\t\0", "unnamed"],
    ["a\nb\u0085c\u202ed.exe", "abcd.exe"],
    [" a b ", "a b"],
    [".htaccess", ".htaccess"],
  ] as const) {
    it(`makes ${JSON.stringify(safe)} of ${JSON.stringify(given)}`, () => expect(safeFilename(given)).to.equal(safe));
  }
});
