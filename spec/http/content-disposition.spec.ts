import { parse } from "content-disposition";
import { expect } from "chai";
import { ResponseError } from "#src/errors.js";
import { attachment } from "#src/http/content-disposition.js";
import { headerText } from "#src/http/header-value.js";

describe("attachment", () => {
  for (const [filename, name] of [
    ["report.pdf", "report.pdf"],
    ["été €.pdf", "été €.pdf"],
    ['a"b;c.txt', 'a"b;c.txt'],
    ["100%25.txt", "100%25.txt"],
    ["../../etc/passwd", "passwd"],
    ["C:\\secret\\x.txt", "x.txt"],
    ["a\r\nX-Forged: 1.txt", "a__X-Forged: 1.txt"],
    ["a\0b\u0085.txt", "a_b_.txt"],
    ["\ud800x.txt", "\ufffdx.txt"],
    ["😀.txt", "😀.txt"],
    ["č\u010a.txt", "čĊ.txt"],
  ] as const) {
    it(`names ${JSON.stringify(filename)} for any client`, () => {
      const value = attachment(filename);
      expect(headerText("Content-Disposition", value))
        .to.equal(value)
        .and.match(/^attachment; filename=/);
      const { parameters } = parse(value);
      expect(parameters["filename"]).to.equal(name);
    });
  }

  it("has a name in ASCII beside one that is not", () => {
    expect(attachment("é.pdf")).to.equal(`attachment; filename="?.pdf"; filename*=UTF-8''%C3%A9.pdf`);
  });

  for (const filename of ["", "/", "a/", "\\"]) {
    it(`refuses ${JSON.stringify(filename)}`, () =>
      expect(() => attachment(filename)).to.throw(ResponseError, /needs the name/));
  }
});
