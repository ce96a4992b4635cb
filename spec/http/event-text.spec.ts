import { expect } from "chai";
import { ResponseError } from "#src/errors.js";
import { eventText } from "#src/http/event-text.js";

describe("eventText", () => {
  it("writes the fields that there are, and the blank line that ends the event", () => {
    expect(eventText({ data: "x" })).to.equal("data: x\n\n");
    expect(eventText({ event: "news", id: "7", retry: 100, data: "x" })).to.equal(
      "event: news\nid: 7\nretry: 100\ndata: x\n\n",
    );
    expect(eventText({ retry: 0 })).to.equal("retry: 0\n\n");
    expect(eventText({ data: "" })).to.equal("data: \n\n");
    expect(eventText({ id: "" })).to.equal("id: \n\n");
  });

  it("makes a line of data of each line, whatever ends it", () => {
    expect(eventText({ data: "a\nb\r\nc\rd\n" })).to.equal("data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
    expect(eventText({ data: "x\n\nevent: forged" })).to.equal("data: x\ndata: \ndata: event: forged\n\n");
  });

  for (const [what, fields, message] of [
    ["an event of two lines", { event: "a\ndata: forged" }, /event is one line/],
    ["an id with a carriage return", { id: "1\rdata: forged" }, /id is one line/],
    ["an id with NUL", { id: "\0" }, /id is one line of text without NUL, got "\\u0000"/],
    ["a retry below zero", { retry: -1 }, /whole number of milliseconds, got -1/],
    ["a retry that is no whole number", { retry: 1.5 }, /got 1\.5/],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => eventText(fields)).to.throw(ResponseError, message);
    });
  }
});
