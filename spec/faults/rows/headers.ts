import type { RawAnswer } from "../../support/raw-client.js";
import { type Fault, each, get, has, post, says, without } from "./fault.js";

const forged = without(/x-forged"|evil\.example|c\.exe"?;?$/i);

/** Headers out, cookies, and what browsers go by. A handler's mistake has the line of its error beside the access log's. */
export const headers: readonly Fault[] = [
  ...each(
    [
      "header",
      "line-feed",
      "nul",
      "beyond-latin-1",
      "name",
      "added",
      "redirect",
      "reason",
      "reason-lines",
      "cookie-name",
      "cookie-value",
      "cookie-path",
      "cookie-domain",
      "cookie-same-site",
      "cookie-host-prefix",
      "length",
      "short",
      "no-content",
      "not-modified",
      "coding",
      "thrown",
      "thrown-null",
      "thrown-text",
    ],
    (name) => ({
      send: get(`/mistakes/${name}`, "Accept: text/html\r\n"),
      status: 500,
      lines: 2,
      check: (answer: RawAnswer) => {
        forged(answer);
        says(/^<html><title>500: Internal Server Error<\/title><body>500: Internal Server Error<\/body><\/html>$/)(
          answer,
        );
        has("content-type", /^text\/html; charset=UTF-8$/i)(answer);
        has("x-content-type-options", /^nosniff$/)(answer);
        without(/private/)(answer);
      },
    }),
  ),
  { what: "an HTTPError's message", send: get("/mistakes/refused"), status: 400, check: without(/private|<b>/) },
  {
    what: "an HTTPError's reason with markup",
    send: get("/mistakes/refused-reason", "Accept: text/html\r\n"),
    status: [400, 500],
    lines: 2,
    check: without(/<script>|private/),
  },
  { what: "an HTTPError of 503", send: get("/mistakes/unavailable"), status: 503, check: without(/private/) },
  { what: "a file name with a header in it", send: get("/download"), status: [200, 500], lines: 2, check: forged },
  {
    what: "a length of an answer without a body",
    send: get("/empty"),
    status: 204,
    check: ({ headers: fields }) => {
      if ("content-length" in fields) throw new Error("Content-Length with 204");
    },
  },
  ...each(
    [";".repeat(15_000), "=;".repeat(7_500), `a="${"\\101".repeat(3_000)}`, '"'.repeat(15_000), "\\".repeat(15_000)],
    (cookies) => ({ send: get("/who", `Cookie: ${cookies}\r\n`), status: 200, check: says(/ nobody$/) }),
  ),
  { what: "64 KiB of cookies", send: get("/who", `Cookie: ${"a=b; ".repeat(13_000)}\r\n`), status: 431 },
  {
    what: "two cookies of one name",
    send: get("/who", "Cookie: a=first; a=last\r\n"),
    status: 200,
    check: says(/ first nobody$/),
  },
  {
    what: "a bad cookie before a good one",
    send: get("/who", 'Cookie: b="; =; a=good\r\n'),
    status: 200,
    check: says(/ good nobody$/),
  },
  ...each(
    [
      "2|1:0|10:1300000000|4:user|8:dmFsdWU=|3d4e60b996ff9c5d5788e333a0cba6f238a22c6c0f94788870e1a9ecd482e152",
      "dmFsdWU=|1300000000|31c934969f53e48164c50768b40cbd7e2daaaa4f",
      "2|",
      "2|1:0|",
      "2|99999999999:0|",
      `2|1:0|10:1300000000|4:user|${"9".repeat(8_000)}:x|`,
      "3|x",
      "|".repeat(15_000),
    ],
    (value) => ({ send: get("/who", `Cookie: user=${value}\r\n`), status: 200, check: says(/ nobody$/) }),
  ),
  ...each(
    [
      ["no token", ""],
      ["a wrong token", "Cookie: _xsrf=2|0a0a0a0a|0a0a|1300000000\r\nX-Xsrftoken: 2|0a0a0a0a|0b0b|1300000000\r\n"],
      ["a token of version 1", "Cookie: _xsrf=abc\r\nX-Xsrftoken: abc\r\n"],
      ["two cookies", "Cookie: _xsrf=2|00000000|0a0a|1; _xsrf=2|00000000|0b0b|1\r\nX-Xsrftoken: 2|00000000|0b0b|1\r\n"],
      [
        "another site",
        "Sec-Fetch-Site: cross-site\r\nCookie: _xsrf=2|00000000|0a0a|1\r\nX-Xsrftoken: 2|00000000|0a0a|1\r\n",
      ],
      ["X-Requested-With", "X-Requested-With: XMLHttpRequest\r\n"],
    ] as const,
    ([what, fields]) => ({ what, send: post("/pay", "", "", fields), status: 403, check: without(/paid/) }),
  ),
  ...each(
    [
      "null",
      "https://evilapp.example",
      "https://app.example.evil.example",
      "https://APP.example",
      "http://app.example",
      "*",
    ],
    (origin) => ({
      send: get("/who", `Origin: ${origin}\r\n`),
      status: 200,
      check: (answer: RawAnswer) => {
        without(/access-control-allow/)(answer);
        has("vary", /\bOrigin\b/)(answer);
      },
    }),
  ),
  ...each(
    [
      "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b",
      `X-Forwarded-For: ${"192.0.2.1, ".repeat(100)}192.0.2.2`,
      "Forwarded: for=192.0.2.1;proto=https;host=b",
      "X-Real-Ip: 192.0.2.1",
      "X-Forwarded-For: [::1]:99999, ,,",
    ],
    (fields) => ({ send: get("/who", `${fields}\r\n`), status: 200, check: says(/^127\.0\.0\.1 http a /) }),
  ),
  {
    what: "fields with the names of an object's members",
    send: get("/who", "__proto__: x\r\nconstructor: y\r\nhasOwnProperty: z\r\ntoString: t\r\n"),
    status: 200,
  },
];
