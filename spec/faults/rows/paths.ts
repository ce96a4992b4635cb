import type { RawAnswer } from "../../support/raw-client.js";
import { type Fault, each, get, post, says, without } from "./fault.js";

/** Routing, paths, static files. */
export const paths: readonly Fault[] = [
  ...each(
    [
      "/%61dmin",
      "//admin",
      "/ADMIN",
      "/admin/",
      "/admin;x",
      "/admin%2Fx",
      "/admin%2F",
      "/./admin",
      "/x/../admin",
      "/admin%20",
      "/admin.",
      "/%2561dmin",
      "/admin?x",
      "/admin%3Fx",
      "/admin",
      "/%2e/admin",
      "/\\admin",
    ],
    (path) => ({ send: get(path), status: [400, 403, 404], check: without(/administrators/) }),
  ),
  ...each(["/admin%00", "/%ZZ", "/%", "/%E0%A4", "/%C0%AF", "/%ED%A0%80", "/a%0d%0ab", "/a%0a", "/a%7f"], (path) => ({
    send: get(path),
    status: 400,
  })),
  ...each(
    [
      "../outside.txt",
      "%2e%2e/outside.txt",
      "%252e%252e/outside.txt",
      "..%2foutside.txt",
      "....//outside.txt",
      "..%5coutside.txt",
      "..%c0%afoutside.txt",
      "/etc/passwd",
      "file:///etc/passwd",
      "C:/outside.txt",
      "C:%5cx",
      "public.txt.",
      "public.txt%20",
      "public.txt/",
      "%2e",
      "..",
      "sub/../../outside.txt",
      "../site-private/x.txt",
      "out.txt",
      "out/outside.txt",
      "out/site-private/x.txt",
      "fifo",
      "null",
      "environ",
      "loop",
      ".env",
      ".git/config",
      "public.txt~",
      "app.js.map",
      "sub/.env",
      "SUB/inside.txt",
      "%00",
      "public.txt%00.png",
    ],
    (path) => ({ send: get(`/static/${path}`), status: [301, 400, 403, 404], check: without(/outside|root:|PATH=/) }),
  ),
  { what: "a folder, with and without another host in front", send: get("/static//evil.example/.."), status: 404 },
  ...each(
    ["bytes=abc", "bytes=9-1", "lines=0-1", "bytes=0-0,1-1", `bytes=${"0-0,".repeat(1_000)}1-1`, "bytes=0x1-2"],
    (range) => ({
      send: get("/static/public.txt", `Range: ${range}\r\n`),
      status: 200,
      check: says(/^public$/),
    }),
  ),
  ...each(["bytes=-0", "bytes=999-", "bytes=99999999999999999999-"], (range) => ({
    send: get("/static/public.txt", `Range: ${range}\r\n`),
    status: 416,
  })),
  { what: "a range of POST", send: post("/static/public.txt", "", "", "Range: bytes=0-0\r\n"), status: 405 },
  ...each(
    ['"x"', "x", `"${"x".repeat(8_000)}"`, '"a", '.repeat(1_000), '"'.repeat(8_000), "W/".repeat(4_000)],
    (tags) => ({
      send: get("/static/public.txt", `If-None-Match: ${tags}\r\nIf-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT\r\n`),
      status: 200,
    }),
  ),
  ...each(["*", '"x", *'.slice(5)], (tags) => ({
    send: get("/static/public.txt", `If-None-Match: ${tags}\r\n`),
    status: 304,
    lines: 1,
  })),
  ...each(["tomorrow", "Fri, 31 Feb 2020 00:00:00 GMT", "0", "-1"], (date) => ({
    send: get("/static/public.txt", `If-Modified-Since: ${date}\r\nIf-Range: ${date}\r\nRange: bytes=0-0\r\n`),
    status: 200,
    check: says(/^public$/),
  })),
  ...each(
    ["/evil.example", "%2fevil.example", "%5Cevil.example", "/%09/evil.example", "https:evil.example", "javascript:x"],
    (target) => ({
      send: get(`/go/${target}`),
      status: [301, 400],
      check: ({ status, headers: { location = "" } }: RawAnswer) => {
        if (status === 301 && !/^\/(?![/\\])/.test(location)) throw new Error(`it leads to ${location}`);
      },
    }),
  ),
  { what: "a path of 8,000 characters against an expression", send: get(`/r/${"a-".repeat(4_000)}!`), status: 404 },
  { what: "a path of 16 KiB", send: get(`/r/${"a".repeat(16_384)}`), status: 414 },
  {
    what: "a path with markup in it",
    send: get("/%3Cscript%3Ex", "Accept: text/html\r\n"),
    status: 404,
    check: without(/<script/),
  },
];
