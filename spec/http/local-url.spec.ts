import { expect } from "chai";
import { isLocalUrl } from "#src/http/local-url.js";

/** Where a browser ends up that follows the target from a page of the site. */
const hostOf = (target: string): string => {
  try {
    return new URL(target, "http://site.test/page").host;
  } catch {
    return "nowhere";
  }
};

describe("isLocalUrl", () => {
  for (const target of ["/", "/a", "/a/b?next=//evil.test#x", "/a//b", "/%2f%2fevil.test", "/é"]) {
    it(`is true for ${target}`, () => {
      expect(isLocalUrl(target)).to.equal(true);
      expect(hostOf(target)).to.equal("site.test");
    });
  }

  for (const target of [
    "//evil.test",
    "/\\evil.test",
    "\\/evil.test",
    "\\\\evil.test",
    "///evil.test",
    "/\t/evil.test",
    "/\n/evil.test",
    "\t//evil.test",
    "https:evil.test",
    "https:/evil.test",
    "https://evil.test/",
    "HTTPS://evil.test/",
    "javascript:alert(1)",
    "data:text/html,x",
    " /a",
    "",
    "a",
    "%2f%2fevil.test",
    "?x",
    "/a b",
    "/a\\..\\b",
  ]) {
    it(`is false for ${JSON.stringify(target)}`, () => expect(isLocalUrl(target)).to.equal(false));
  }
});
