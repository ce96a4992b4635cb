import { expect } from "chai";
import { contentTypeOf } from "#src/http/content-types.js";

describe("contentTypeOf", () => {
  for (const [name, type] of [
    ["index.html", "text/html; charset=utf-8"],
    ["/srv/a.b/app.MJS", "text/javascript; charset=utf-8"],
    ["style.css", "text/css; charset=utf-8"],
    ["data.json", "application/json; charset=utf-8"],
    ["site.webmanifest", "application/manifest+json; charset=utf-8"],
    ["module.wasm", "application/wasm"],
    ["font.woff2", "font/woff2"],
    ["favicon.ico", "image/vnd.microsoft.icon"],
    ["photo.avif", "image/avif"],
    ["archive.tar.gz", "application/gzip"],
    ["README", "application/octet-stream"],
    ["x.unknown-ending", "application/octet-stream"],
    ["html", "application/octet-stream"],
    ["text/html", "application/octet-stream"],
    ["x.__proto__", "application/octet-stream"],
    ["x.constructor", "application/octet-stream"],
  ] as const) {
    it(`of ${name} is ${type}`, () => expect(contentTypeOf(name)).to.equal(type));
  }
});
