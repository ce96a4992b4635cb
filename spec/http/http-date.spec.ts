import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { dateNow, parseHttpDate } from "#src/http/http-date.js";

describe("parseHttpDate", () => {
  // The examples of RFC 9110, section 5.6.7.
  for (const text of ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]) {
    it(`reads ${text}`, () => expect(parseHttpDate(text)).to.equal(Date.UTC(1994, 10, 6, 8, 49, 37)));
  }

  it("takes two digits for the year that is nearer", () => {
    const two = (year: number): string => String(year % 100).padStart(2, "0");
    const now = new Date().getUTCFullYear();
    const yearOf = (year: number): number =>
      new Date(parseHttpDate(`Monday, 01-Jan-${two(year)} 00:00:00 GMT`) ?? 0).getUTCFullYear();
    expect([yearOf(now + 50), yearOf(now + 51), yearOf(now - 1)]).to.deep.equal([now + 50, now - 49, now - 1]);
  });

  for (const text of [
    "",
    "garbage",
    "0",
    "2024",
    "1994-11-06T08:49:37Z",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 +0100",
    "Sun, 06 Nov 1994 25:49:37 GMT",
    "Sun, 99 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
    `${"x".repeat(100_000)} GMT`,
  ]) {
    it(`does not read ${text.slice(0, 60) || "nothing"}`, () => expect(parseHttpDate(text)).to.equal(undefined));
  }
});

describe("dateNow", () => {
  it("is the time to the second, and another one in the next second", async () => {
    const known = parseHttpDate(dateNow()) ?? 0;
    expect(Date.now() - known).to.be.within(0, 1100);
    while (Math.floor(Date.now() / 1000) * 1000 === known) await turn();
    const next = parseHttpDate(dateNow()) ?? 0;
    expect(next).to.be.above(known);
    expect(next % 1000).to.equal(0);
  });
});
