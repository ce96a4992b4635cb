/** What both applications are asked: bytes, so that nothing between is polite. */
export interface OracleRequest {
  /** Method and target, and what is special. Unique. */
  readonly name: string;
  readonly bytes: string;
}

interface Parts {
  readonly method?: string;
  readonly fields?: readonly string[];
  readonly body?: string;
  readonly version?: string;
}

/** One request that closes its connection. A body is announced by its length, in bytes of latin1. */
function ask(target: string, { method = "GET", fields = [], body, version = "1.1" }: Parts = {}): OracleRequest {
  const length = body === undefined ? [] : [`Content-Length: ${body.length}`];
  const head = [`${method} ${target} HTTP/${version}`, "Host: localhost:80", "Connection: close", ...fields, ...length];
  const name = [method, target, ...fields, version === "1.1" ? "" : version, body?.slice(0, 60) ?? ""].join(" ").trim();
  return { name: name.replaceAll(/[\r\n]+/g, "⏎"), bytes: `${head.join("\r\n")}\r\n\r\n${body ?? ""}` };
}

const paths = [
  "/",
  "/json",
  "/arguments",
  "/unstripped",
  "/required",
  "/reason",
  "/boom",
  "/send-error",
  "/own-error",
  "/redirect/temporary",
  "/redirect/permanent",
  "/redirect/other",
  "/headers",
  "/seen",
  "/cookies",
  "/segments/a/b",
  "/pieces",
  "/done",
  "/done-with",
  "/prepared",
  "/tagged",
  "/verbs",
  "/empty",
  "/bytes",
  "/fail/404",
  "/none",
];

const browser = "Accept: text/html";
const form = "Content-Type: application/x-www-form-urlencoded";

/** Every path by every method: what is answered, what is 404, what is 405. */
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].flatMap((method) =>
  paths.map((path) => ask(path, { method, fields: [browser], ...(method.startsWith("P") && { body: "" }) })),
);

const statuses = [200, 201, 202, 204, 205, 206, 299, 304, 400, 404, 418, 500, 503].map((status) =>
  ask(`/status/${status}`),
);

const failures = [400, 401, 403, 404, 405, 409, 410, 418, 429, 499, 500, 502, 503, 599].map((status) =>
  ask(`/fail/${status}`, { fields: [browser] }),
);

const queries = [
  "",
  "?",
  "?q",
  "?q=",
  "?q=1",
  "?q=1&q=2",
  "?q=%20a%20",
  "?q=+a+b+",
  "?q=%C3%A9",
  "?q=a%2Bb",
  "?q=a%26b%3Dc",
  "?q=1&&q=2",
  "?q=1;q=2",
  "?=1&q=2",
  "?q==",
  "?q=%0Aa",
  "?q=a%09b",
  "?q=a%01b",
  "?q[]=1&q[a]=2",
  "?Q=1",
  "?%71=1",
  "?q=%zz",
  "?q=%",
  "?q=%FF",
  "?__proto__=1&q=2",
].flatMap((query) => [
  ask(`/arguments${query}`),
  ask(`/unstripped${query}`),
  ask(`/required${query}`, { fields: [browser] }),
]);

const bodies = ["", "q=1", "q=1&q=2", "q=%C3%A9", "q=+a", "q", "q=a%01b", "a=1", "q=1\r\n"].flatMap((body) => [
  ask("/arguments?q=0", { method: "POST", fields: [form], body }),
  ask("/arguments", { method: "PUT", fields: [`${form}; charset=UTF-8`], body }),
  ask("/arguments?q=0", { method: "POST", fields: ["Content-Type: text/plain"], body }),
]);

const echoes = ["POST", "PUT", "PATCH", "DELETE"].flatMap((method) =>
  ["", "x", "a\r\nb", "\u0000\u00ff"].map((body) => ask("/echo", { method, body })),
);

function multipart(...parts: readonly string[]): string {
  return `${parts.map((part) => `--b\r\n${part}\r\n`).join("")}--b--\r\n`;
}

const field = (name: string, value: string): string => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`;
const file = (rest: string, value: string): string =>
  `Content-Disposition: form-data; name="f"; ${rest}\r\n\r\n${value}`;

const uploads = [
  multipart(field("q", "1")),
  multipart(field("q", "1"), field("q", "2")),
  multipart(file('filename="a.txt"', "text")),
  multipart(file('filename="a.txt"\r\nContent-Type: text/plain', "text"), field("q", "1")),
  multipart(file('filename="a.txt"', "1"), file('filename="b.txt"', "2")),
  multipart(file('filename=""', "")),
  multipart(file(`filename*=UTF-8''%C3%A9.txt`, "x")),
  multipart(file('filename="../../etc/passwd"', "x")),
  multipart(file(String.raw`filename="C:\a\b.txt"`, "x")),
  multipart(field("q", "")),
].map((body) => ask("/files", { method: "POST", fields: ["Content-Type: multipart/form-data; boundary=b"], body }));

const conditions = [
  'If-None-Match: "mine"',
  'If-None-Match: W/"mine"',
  'If-None-Match: "other"',
  'If-None-Match: "other", "mine"',
  "If-None-Match: *",
  "If-None-Match: mine",
  'If-Match: "other"',
  "If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT",
].flatMap((condition) => [
  ask("/tagged", { fields: [condition] }),
  ask("/", { fields: [condition] }),
  ask("/pieces", { fields: [condition] }),
]);

const cookies = [
  "a=1",
  "a=1; b=2",
  "a=1;b=2",
  "a=1; a=2",
  'a="quoted"',
  "a",
  "=1",
  "a=",
  "a=b=c",
  "a=1;;b=2",
  " a = 1 ",
  "a=%20",
  "a=1, b=2",
  'a="x\\"y"',
  'a="\\303\\251"',
  "a=é",
].map((cookie) => ask("/cookies", { fields: [`Cookie: ${cookie}`] }));

const targets = [
  "/seen?a=1&b=%20",
  "/seen/a%20b",
  "/seen/a%2Fb",
  "/seen/é",
  "/seen/%C3%A9",
  "/seen/%zz",
  "/seen/a//b",
  "/seen/../json",
  "/seen/a;b=1",
  "/seen/a+b",
  "//seen",
  "/SEEN",
  "/seen/",
  "/seen#a",
  "/segments/a%2Fb/c%20d",
  "/segments/a/",
  "/segments/%C3%A9/+",
  "/digits/12",
  "/digits/a",
  "/digits/1/",
  "/optional",
  "/optional/a",
  "/optional/",
  "/prepared?stop=1",
  "http://localhost:80/seen",
].map((target) => ask(target, { fields: [browser] }));

const fields = [
  ask("/seen", { fields: ["X-Mine: a"] }),
  ask("/seen", { fields: ["X-Mine: a", "X-Mine: b"] }),
  ask("/seen", { fields: ["x-mine:   a  "] }),
  ask("/seen", { fields: ["X-Mine:"] }),
  ask("/seen", { version: "1.0" }),
  ask("/", { version: "1.0" }),
  ask("/seen", { fields: ["X-Forwarded-Proto: https", "X-Forwarded-For: 1.2.3.4"] }),
  ask("/fail/404", { fields: ["Accept: application/json"] }),
  ask("/fail/404"),
];

const chunked = (rest: string): string =>
  `POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${rest}`;

/** What no client should send. */
const malformed: readonly OracleRequest[] = [
  { name: "chunked", bytes: chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") },
  { name: "chunked with an extension", bytes: chunked("3;a=b\r\nabc\r\n0\r\n\r\n") },
  { name: "chunked with a bad size", bytes: chunked("x\r\nabc\r\n0\r\n\r\n") },
  { name: "chunked with a signed size", bytes: chunked("+3\r\nabc\r\n0\r\n\r\n") },
  { name: "no host", bytes: "GET / HTTP/1.1\r\nConnection: close\r\n\r\n" },
  { name: "two hosts", bytes: "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n" },
  { name: "no version", bytes: "GET /\r\nHost: a\r\n\r\n" },
  { name: "version 2.0", bytes: "GET / HTTP/2.0\r\nHost: a\r\nConnection: close\r\n\r\n" },
  { name: "garbage", bytes: "garbage\r\n\r\n" },
  { name: "an unknown method", bytes: "BREW / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" },
  { name: "TRACE", bytes: "TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" },
  {
    name: "two lengths",
    bytes: "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
  },
  {
    name: "a negative length",
    bytes: "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: -1\r\n\r\n",
  },
  { name: "length and chunks", bytes: chunked("0\r\n\r\n").replace("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\n") },
  { name: "a folded field", bytes: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-A: b\r\n c\r\n\r\n" },
  { name: "a space before the colon", bytes: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-A : b\r\n\r\n" },
  { name: "a field without a colon", bytes: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nabc\r\n\r\n" },
  { name: "a NUL in a field", bytes: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-A: b\u0000c\r\n\r\n" },
];

const all: readonly OracleRequest[] = [
  ...methods,
  ...statuses,
  ...failures,
  ...queries,
  ...bodies,
  ...echoes,
  ...uploads,
  ...conditions,
  ...cookies,
  ...targets,
  ...fields,
  ...malformed,
];

/** Each once, whatever list it came from. */
export const requests: readonly OracleRequest[] = [...new Map(all.map((request) => [request.bytes, request])).values()];
