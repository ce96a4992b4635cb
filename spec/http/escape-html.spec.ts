import { expect } from "chai";
import { escapeHtml } from "#src/http/escape-html.js";

describe("escapeHtml", () => {
  it("makes text safe as content and in a quoted attribute", () => {
    expect(escapeHtml(`<a href="x" id='y'>&amp;`)).to.equal("&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;");
    expect(escapeHtml("plain é")).to.equal("plain é");
  });
});
