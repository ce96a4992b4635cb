import { expect } from "chai";
import { ResponseError } from "#src/errors.js";
import { checkClose, checkPing, checkText, messageData } from "#src/web/websocket-message.js";

describe("messageData", () => {
  it("leaves strings and bytes as they are, and makes JSON of objects", () => {
    const bytes = Buffer.from("é");
    expect(messageData("é")).to.equal("é");
    expect(messageData(bytes)).to.equal(bytes);
    expect(messageData({ a: ["</"] })).to.equal('{"a":["<\\/"]}');
    expect(messageData([])).to.equal("[]");
  });

  it("refuses what is none", () => {
    for (const wrong of [1, true, null, undefined, Symbol("x"), () => 1, new ArrayBuffer(3), new Map()]) {
      expect(() => messageData(wrong)).to.throw(ResponseError);
    }
  });
});

describe("checkText", () => {
  it("refuses bytes that are not UTF-8", () => {
    checkText("é");
    checkText(Buffer.from("é"));
    expect(() => checkText(Buffer.from([0xc3]))).to.throw(ResponseError, /not UTF-8/);
  });
});

describe("checkPing", () => {
  it("takes 125 bytes", () => {
    checkPing("é".repeat(62));
    checkPing(Buffer.alloc(125));
    expect(() => checkPing("é".repeat(63))).to.throw(ResponseError, /at most 125 bytes, got 126/);
  });
});

describe("checkClose", () => {
  it("takes the codes that may be sent", () => {
    for (const code of [undefined, 1000, 1001, 1003, 1007, 1014, 3000, 4999]) checkClose(code, "é".repeat(61));
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 2000, 2999, 5000, Number.NaN, "1000"]) {
      expect(() => checkClose(code as number), String(code)).to.throw(ResponseError, /^close: the code is/);
    }
    expect(() => checkClose(1000, "é".repeat(62))).to.throw(ResponseError, /at most 123 bytes, got 124/);
  });
});
