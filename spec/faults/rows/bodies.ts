import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import type { RawClient } from "../../support/raw-client.js";
import { type Fault, type Made, close, each, get, mebibyte, post, says } from "./fault.js";

const json = (body: string | Uint8Array): Buffer => post("/json", "application/json", body);
const form = (body: string): Buffer => post("/form", "application/x-www-form-urlencoded", body);
const coded = (coding: string, body: Uint8Array): Buffer =>
  post("/json", "application/json", body, `Content-Encoding: ${coding}\r\n`);
const multipart = (body: string | Uint8Array, type = "multipart/form-data; boundary=b", path = "/form"): Buffer =>
  post(path, type, body);
const part = (disposition: string, content = "x"): string =>
  `--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;

/** Compressed only when it is needed: it takes a moment. */
function bomb(coding: string, compress: (zeros: Buffer) => Buffer, path = "/json"): Made {
  const fields = `Content-Encoding: ${coding}\r\n`;
  let made: Buffer | undefined;
  return { make: () => (made ??= post(path, "application/json", compress(Buffer.alloc(100 * mebibyte)), fields)) };
}

function wrongSum(): Buffer {
  const bytes = gzipSync("{}");
  return bytes.fill(0, bytes.length - 8);
}

const gzippedNothing = gzipSync("");

// The quickest: what is asked for is how much they unfold to.
const gzip = (bytes: Buffer): Buffer => gzipSync(bytes, { level: 1 });
const deflate = (bytes: Buffer): Buffer => deflateSync(bytes, { level: 1 });
const brotli = (bytes: Buffer): Buffer =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });

/** What clients do in the middle of something, and then leave. */
const leaving = (bytes: string | Uint8Array, how: "FIN" | "RST"): Fault["send"] => {
  return async (client: RawClient) => {
    client.send(bytes);
    await new Promise((resolve) => client.socket.write("", resolve));
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (how === "FIN") client.socket.end();
    else client.socket.resetAndDestroy();
  };
};

const largeFile = Buffer.concat([
  Buffer.from(`--b\r\nContent-Disposition: form-data; name="f"; filename="large"\r\n\r\n`),
  Buffer.alloc(mebibyte, "x"),
]);
/** The head of a request whose body ends early. */
const begun = (path: string, body: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from(
      `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 10000000\r\n\r\n`,
    ),
    body,
  ]);

/** Bodies. */
export const bodies: readonly Fault[] = [
  ...each(
    ['{"__proto__":{}}', '{"a":[{"__proto__":1}]}', '{"constructor":{"prototype":{}}}', '{"\\u005f_proto__":1}'],
    (text) => ({
      send: json(text),
      status: 400,
    }),
  ),
  { what: "a key that stands twice", send: json('{"a":1,"a":2}'), status: 200 },
  { what: "a megabyte of [", send: json("[".repeat(mebibyte)), status: 400 },
  { what: "101 arrays", send: json("[".repeat(101) + "]".repeat(101)), status: 400 },
  { what: "100 arrays", send: json("[".repeat(100) + "]".repeat(100)), status: 200 },
  ...each(["", "{", '{"a":}', "\ufeff1 2", "nul", '"\\ud800', "NaN", "1e", "{'a':1}"], (text) => ({
    send: json(text),
    status: 400,
  })),
  { what: "JSON that is not UTF-8", send: json(Buffer.from([0x22, 0xff, 0x22])), status: [400, 415] },
  { what: "half a million parameters", send: form("a&".repeat(500_000)), status: 400 },
  { what: "half a million encoded parameters", send: form("+&".repeat(500_000)), status: 400 },
  { what: "100,000 parameters of a list", send: form("a[]=&".repeat(100_000)), status: 400 },
  { what: "1,001 parameters", send: form("a=&".repeat(1_000) + "a="), status: 400 },
  {
    what: "a parameter that nests",
    send: form(`a${"[b]".repeat(10_000)}=1&a=2&a=3`),
    status: 200,
    check: says(/"a":\["2","3"\]/),
  },
  { what: "a list with commas", send: form("a=1,2"), status: 200, check: says(/"a":\["1,2"\]/) },
  { what: "1,001 parameters of a query", send: get(`/form?${"x&".repeat(1_000)}x`), status: 400 },
  ...each(["%", "%zz", "a=%ff", "a=%ed%a0%80"], (text) => ({ send: form(text), status: 400 })),
  { what: "a gzip bomb of 100 MiB", send: bomb("gzip", gzip), status: 413 },
  {
    what: "a brotli bomb of 100 MiB",
    send: bomb("br", brotli),
    status: 413,
  },
  { what: "a deflate bomb of 100 MiB", send: bomb("deflate", deflate), status: 413 },
  {
    what: "a gzip bomb for a handler of streams",
    send: bomb("gzip", gzip, "/received"),
    status: 413,
  },
  { what: "gzip in gzip", send: coded("gzip, gzip", gzipSync(gzipSync("{}"))), status: 415 },
  { what: "a hundred codings", send: coded("gzip, ".repeat(100) + "gzip", gzipSync("{}")), status: 415 },
  { what: "a coding that nobody knows", send: coded("compress", Buffer.from("{}")), status: 415 },
  { what: "half of gzip", send: coded("gzip", gzipSync("{}").subarray(0, 15)), status: 400 },
  { what: "gzip with a wrong sum", send: coded("gzip", wrongSum()), status: 400 },
  { what: "gzip that is none", send: coded("gzip", Buffer.from("{}")), status: 400 },
  { what: "deflate without its header", send: coded("deflate", deflateRawSync("{}")), status: 400 },
  { what: "br that is none", send: coded("br", Buffer.from("{}")), status: 400 },
  {
    what: "gzip that unfolds to nothing",
    send: coded("gzip", Buffer.concat(Array.from({ length: 60_000 }, () => gzippedNothing))),
    status: [400, 413],
  },
  ...each(
    [
      "multipart/form-data",
      "multipart/form-data; boundary=",
      `multipart/form-data; boundary=${"b".repeat(71)}`,
      'multipart/form-data; boundary="b\\""',
      "multipart/form-data; boundary=a; boundary=b",
      'multipart/form-data; boundary="b ',
    ],
    (type) => ({ send: multipart(`${part('name="a"')}--b--\r\n`, type), status: [400, 415] }),
  ),
  { what: "10,000 parts", send: multipart(part('name="a"').repeat(10_000) + "--b--\r\n"), status: 400 },
  { what: "101 parts", send: multipart(part('name="a"').repeat(101) + "--b--\r\n"), status: 400 },
  {
    what: "10,000 malformed parts",
    send: multipart("--b\r\nContent-Disposition: x\r\n\r\n\r\n".repeat(10_000) + "--b--"),
    status: 400,
  },
  {
    what: "a part header of a megabyte",
    send: multipart(`--b\r\nX: ${"y".repeat(mebibyte - 100)}\r\n\r\n--b--`),
    status: 400,
  },
  {
    what: "64 KiB of a file name",
    send: multipart(`${part(`name="f"; filename="${"n".repeat(65_536)}"`)}--b--\r\n`),
    status: 400,
  },
  {
    what: "a file name that climbs",
    send: multipart(`${part('name="f"; filename="../../etc/passwd"')}--b--\r\n`),
    status: 200,
    check: says(/"files":\["passwd"\]/),
  },
  {
    what: "an encoded file name that climbs",
    send: multipart(`${part("name=f; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd")}--b--\r\n`),
    status: 200,
    check: says(/"files":\["passwd"\]/),
  },
  { what: "a part without a name", send: multipart(`${part('name=""')}--b--\r\n`), status: 400 },
  { what: "no final boundary", send: multipart(part('name="a"')), status: 400 },
  {
    what: "a preamble of 8 MiB",
    send: multipart(`${"x".repeat(8 * mebibyte)}\r\n--b--\r\n`, undefined, "/upload"),
    status: 200,
  },
  { what: "a part called __proto__", send: multipart(`${part('name="__proto__"')}--b--\r\n`), status: 200 },
  {
    what: "parameters of a disposition without end",
    send: multipart(`--b\r\nContent-Disposition: form-data${"; a=b".repeat(2_000)}\r\n\r\nx\r\n--b--`),
    status: 400,
  },
  {
    what: "quotes and backslashes without end",
    send: multipart(`--b\r\nContent-Disposition: form-data; name="${'\\"'.repeat(5_000)}\r\n\r\nx\r\n--b--`),
    status: 400,
  },
  {
    what: "a nested multipart",
    send: multipart(
      `--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\nx\r\n--b--`,
    ),
    status: 400,
  },
  {
    what: "a form byte by byte",
    send: async (client) => {
      for (const byte of multipart(`${part('name="a"')}--b--\r\n`)) client.send(Uint8Array.of(byte));
      await client.end();
    },
    status: 200,
  },
  ...each(
    [
      "application/json\ta",
      "application/json garbage",
      "application/json; charset=utf-7",
      "",
      "text/plain",
      "application/jsonx",
      "application/json, text/plain",
      "application/json;charset",
      "/json",
      "application/json\x0b",
    ],
    (type) => ({ send: post("/json", type, "{}"), status: [400, 415] }),
  ),
  {
    what: "two Content-Types",
    send: post("/json", "application/json", "{}", "Content-Type: text/plain\r\n"),
    status: 400,
  },
  { what: "a Content-Type in capitals", send: post("/json", "Application/JSON; charset=UTF-8", "{}"), status: 200 },
  { what: "a body above the limit", send: post("/p", "a/b", Buffer.alloc(mebibyte + 1)), status: 413 },
  {
    what: "chunks above the limit",
    send: `POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${`10000\r\n${"x".repeat(65_536)}\r\n`.repeat(17)}0\r\n\r\n`,
    status: 413,
  },
  {
    what: "a length above the limit and nothing behind it",
    send: "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000000\r\n\r\n",
    status: 413,
  },
  {
    what: "an expectation above the limit",
    send: "POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10000000\r\n\r\n",
    status: 413,
  },
  {
    what: "an expectation of somebody unknown",
    send: "POST /guarded HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n",
    status: 403,
  },
  ...["GET", "HEAD", "DELETE", "OPTIONS"].flatMap((method) =>
    each([1_000, 2 * mebibyte], (length) => ({
      what: `a body of ${length} bytes that ${method} does not look at`,
      send: `${method} /unread HTTP/1.1\r\nHost: a\r\n${close}Content-Length: ${length}\r\n\r\n${"x".repeat(length)}`,
      status: method === "OPTIONS" ? 204 : 200,
    })),
  ),
  ...(["FIN", "RST"] as const).flatMap((how): Fault[] =>
    [
      { what: "a form", send: leaving(begun("/upload", Buffer.from(part('name="a"'))), how) },
      { what: "a file", send: leaving(begun("/upload", largeFile), how) },
      { what: "a streamed body", send: leaving(begun("/received-at-length", Buffer.alloc(1_000)), how) },
      { what: "the work", send: leaving(get("/wait"), how) },
      { what: "events", send: leaving(get("/events"), how) },
      { what: "an answer", send: leaving(get("/stream"), how) },
    ].map((fault) => ({ ...fault, what: `${how} in the middle of ${fault.what}`, status: [0, 200], told: 1 })),
  ),
];
