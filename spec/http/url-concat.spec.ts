import { expect } from "chai";
import { urlConcat, withQuery } from "#src/http/url-concat.js";

describe("urlConcat", () => {
  // The first four are those of Tornado's documentation and tests.
  for (const [url, parameters, result] of [
    ["http://example.com/foo", { c: "d" }, "http://example.com/foo?c=d"],
    ["http://example.com/foo?a=b", { c: "d" }, "http://example.com/foo?a=b&c=d"],
    ["https://localhost/path", { y: "y", z: "z" }, "https://localhost/path?y=y&z=z"],
    ["https://localhost/path?r=1&t=2", {}, "https://localhost/path?r=1&t=2"],
    ["/a#top", { x: 1 }, "/a?x=1#top"],
    ["/a?b#c?d", { x: 1 }, "/a?b&x=1#c?d"],
    ["/a?", { x: 1 }, "/a?x=1"],
    ["/a?b&", { x: 1 }, "/a?b&x=1"],
    ["/a", { x: ["1", 2, true], y: undefined, z: null, "": "" }, "/a?x=1&x=2&x=true&="],
    ["/a", { "é&": "=# " }, "/a?%C3%A9%26=%3D%23+"],
  ] as const) {
    it(`makes ${result}`, () => expect(urlConcat(url, parameters)).to.equal(result));
  }
});

describe("withQuery", () => {
  it("adds what is escaped already", () => {
    expect(withQuery("/a?x=%20", "y=%2F&z")).to.equal("/a?x=%20&y=%2F&z");
    expect(withQuery("/a#b", "")).to.equal("/a#b");
  });
});
