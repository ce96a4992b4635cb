import { expect } from "chai";
import {
  type Validators,
  type Verdict,
  evaluateConditions,
  holdsForRange,
  isConditional,
} from "#src/http/conditional.js";

const monday = new Date("2024-01-01T10:00:00.500Z");
const before = "Sun, 31 Dec 2023 10:00:00 GMT";
const exactly = "Mon, 01 Jan 2024 10:00:00 GMT";
const after = "Tue, 02 Jan 2024 10:00:00 GMT";
const both: Validators = { etag: '"a"', lastModified: monday };

describe("evaluateConditions", () => {
  type Row = [headers: Record<string, string>, read: Verdict, change: Verdict];

  const rows: Row[] = [
    [{}, "perform", "perform"],
    // 13.1.1
    [{ "if-match": '"a"' }, "perform", "perform"],
    [{ "if-match": '"x", "a"' }, "perform", "perform"],
    [{ "if-match": "*" }, "perform", "perform"],
    [{ "if-match": 'W/"a"' }, "failed", "failed"],
    [{ "if-match": '"b"' }, "failed", "failed"],
    [{ "if-match": "a" }, "failed", "failed"],
    // 13.1.4, which does not count beside If-Match
    [{ "if-unmodified-since": exactly }, "perform", "perform"],
    [{ "if-unmodified-since": after }, "perform", "perform"],
    [{ "if-unmodified-since": before }, "failed", "failed"],
    [{ "if-unmodified-since": "garbage" }, "perform", "perform"],
    [{ "if-match": '"a"', "if-unmodified-since": before }, "perform", "perform"],
    [{ "if-match": '"b"', "if-unmodified-since": after }, "failed", "failed"],
    // 13.1.2
    [{ "if-none-match": '"a"' }, "notModified", "failed"],
    [{ "if-none-match": 'W/"a"' }, "notModified", "failed"],
    [{ "if-none-match": "*" }, "notModified", "failed"],
    [{ "if-none-match": '"b"' }, "perform", "perform"],
    [{ "if-none-match": "a" }, "perform", "perform"],
    // 13.1.3, which does not count beside If-None-Match, nor for a change
    [{ "if-modified-since": exactly }, "notModified", "perform"],
    [{ "if-modified-since": after }, "notModified", "perform"],
    [{ "if-modified-since": "Fri, 31 Dec 2999 10:00:00 GMT" }, "notModified", "perform"],
    [{ "if-modified-since": before }, "perform", "perform"],
    [{ "if-modified-since": "2024-01-02" }, "perform", "perform"],
    [{ "if-none-match": '"b"', "if-modified-since": after }, "perform", "perform"],
    [{ "if-none-match": '"a"', "if-modified-since": before }, "notModified", "failed"],
    // 13.2.2: what guards a change comes first
    [{ "if-match": '"b"', "if-none-match": '"a"' }, "failed", "failed"],
    [{ "if-unmodified-since": before, "if-modified-since": after }, "failed", "failed"],
    [{ "if-match": '"a"', "if-none-match": '"a"' }, "notModified", "failed"],
  ];

  for (const [headers, read, change] of rows) {
    it(`says ${read} to GET and HEAD, ${change} to PUT: ${JSON.stringify(headers)}`, () => {
      const verdicts = ["GET", "HEAD", "PUT"].map((method) => evaluateConditions(method, headers, both));
      expect(verdicts).to.deep.equal([read, read, change]);
      expect(isConditional(headers)).to.equal(Object.keys(headers).length > 0);
    });
  }

  it("knows what is not there yet", () => {
    const verdict = (headers: Record<string, string>): Verdict => evaluateConditions("PUT", headers, undefined);
    expect(verdict({ "if-none-match": "*" })).to.equal("perform");
    expect(verdict({ "if-match": "*" })).to.equal("failed");
    expect(verdict({ "if-match": '"a"' })).to.equal("failed");
    expect(verdict({ "if-unmodified-since": before })).to.equal("perform");
  });

  it("passes over dates when there is no date, and tags when there is no tag", () => {
    const untagged = { lastModified: monday };
    expect(evaluateConditions("GET", { "if-modified-since": after }, { etag: '"a"' })).to.equal("perform");
    expect(evaluateConditions("PUT", { "if-unmodified-since": before }, { etag: '"a"' })).to.equal("perform");
    expect(evaluateConditions("GET", { "if-none-match": '"a"' }, untagged)).to.equal("perform");
    expect(evaluateConditions("PUT", { "if-match": '"a"' }, untagged)).to.equal("failed");
  });

  // Were it quadratic, it would not come back within the time of a test.
  it("takes linear time", () => {
    for (const part of ['"x",', '"', "W/", '""', '"x']) {
      const field = part.repeat(200_000);
      expect(evaluateConditions("GET", { "if-none-match": field }, both), part).to.equal("perform");
      expect(evaluateConditions("GET", { "if-match": field }, both), part).to.equal("failed");
    }
  });
});

describe("holdsForRange", () => {
  const holds = (field: string, current: Validators = both): boolean => holdsForRange({ "if-range": field }, current);

  it("is true without the field", () => expect(holdsForRange({}, both)).to.equal(true));

  it("compares a tag strongly", () => {
    expect([holds('"a"'), holds('W/"a"'), holds('"b"')]).to.deep.equal([true, false, false]);
    expect(holds('W/"a"', { etag: 'W/"a"' })).to.equal(false);
    expect(holds('"a", "b"')).to.equal(false);
    expect(holds('"a"', { lastModified: monday })).to.equal(false);
  });

  it("wants the very date", () => {
    expect([holds(exactly), holds(after), holds(before)]).to.deep.equal([true, false, false]);
    expect(holds(exactly, { etag: '"a"' })).to.equal(false);
  });

  it("is false for anything else", () => {
    for (const field of ["*", "a", "", "garbage"]) expect(holds(field), field).to.equal(false);
  });
});
