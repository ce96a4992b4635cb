import { canonicalPath, decodeRest } from "#src/routing/path.js";
import { expect } from "chai";

describe("canonicalPath", () => {
  const pathOf = (target: string): string | undefined => canonicalPath(target)?.path;

  it("splits at the first question mark and leaves the query as it came", () => {
    expect(canonicalPath("/a/b")).to.deep.equal({ path: "/a/b", query: "" });
    expect(canonicalPath("/a?")).to.deep.equal({ path: "/a", query: "" });
    expect(canonicalPath("/a?x=%2f&y=?%zz")).to.deep.equal({ path: "/a", query: "x=%2f&y=?%zz" });
  });

  it("decodes once", () => {
    expect(pathOf("/%61dmin")).to.equal("/admin");
    expect(pathOf("/caf%C3%A9%20%3F%23%3a")).to.equal("/café ?#:");
    expect(pathOf("/%2561")).to.equal("/%2561");
    expect(pathOf("/%252F")).to.equal("/%252F");
  });

  it("keeps escaped separators and percent signs escaped, in upper case", () => {
    expect(pathOf("/a%2fb%2Fc%5c%25")).to.equal("/a%2Fb%2Fc%5C%25");
  });

  it("gives different targets different paths", () => {
    const targets = ["/a/b", "/a%2Fb", "/a%252Fb", "/a%25252Fb", "//a/b", "/a/b/", "/A/b", "/a%5Cb"];
    expect(new Set(targets.map(pathOf)).size).to.equal(targets.length);
  });

  it("leaves dot segments and double slashes alone", () => {
    expect(pathOf("//a/../b/./c")).to.equal("//a/../b/./c");
    expect(pathOf("/%2e%2e/a")).to.equal("/../a");
  });

  const malformed = {
    "a broken escape": ["/%", "/a%2", "/%zz", "/%2%46"],
    "escapes that are not UTF-8": ["/%ff", "/%C3", "/%C0%AF", "/%ED%A0%80", "/%F5%80%80%80"],
    "an escaped control character": ["/%00", "/a%0d%0ab", "/%1b", "/%7f", "/%C2%85"],
    "a raw character that is not allowed": ["/a b", "/a\tb", "/a\r\nb", "/\0", "/é", "/a\\b", "/\u2028"],
    "a fragment": ["/#", "/a#b", "/a?b#c"],
    "another form of target": ["", "*", "a", "http://example.org/", "example.org:443", "?a"],
  };
  for (const [what, targets] of Object.entries(malformed)) {
    it(`refuses ${what}`, () => {
      for (const target of targets) expect(canonicalPath(target), JSON.stringify(target)).to.equal(undefined);
    });
  }
});

describe("decodeRest", () => {
  it("resolves what the canonical path kept, once", () => {
    expect(decodeRest("a%2Fb%5Cc%25")).to.equal("a/b\\c%");
    expect(decodeRest("%252F")).to.equal("%2F");
  });

  it("leaves a percent sign alone that begins none of them", () => {
    expect(decodeRest("100%,%41")).to.equal("100%,%41");
  });
});
