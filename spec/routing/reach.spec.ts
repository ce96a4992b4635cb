import { type Reach, covers, reachOfExpression, reachOfString } from "#src/routing/reach.js";
import { expect } from "chai";

describe("reachOfString", () => {
  const rows: [source: string, prefix: string, rest: Reach["rest"]][] = [
    ["/", "/", "nothing"],
    ["/about", "/about", "nothing"],
    ["/*", "/", "anything"],
    ["/files/*", "/files/", "anything"],
    ["/files/:id", "/files/", "something"],
    ["/files/:id/*", "/files/", "something"],
  ];
  for (const [source, prefix, rest] of rows) {
    it(`of ${source}`, () => expect(reachOfString(source)).to.deep.equal({ prefix, rest }));
  }
});

describe("reachOfExpression", () => {
  const rows: [source: RegExp, prefix: string, rest: Reach["rest"]][] = [
    [/\/about/, "/about", "nothing"],
    [/^\/about$/, "/about", "nothing"],
    [/\/files\/(.*)/, "/files/", "anything"],
    [/\/files\/(?<path>.*)$/, "/files/", "anything"],
    [/.*/, "", "anything"],
    [/\/files\/(.+)/, "/files/", "something"],
    [/\/files?/, "/file", "something"],
    [/\/a\.b\/\d+/, "/a.b/", "something"],
    [/\/a|\/b/, "", "something"],
    [/\/a(?:b|c)/, "", "something"],
    [/\/1A.*/i, "/1", "something"],
    [/\/\d*/, "/", "something"],
  ];
  for (const [source, prefix, rest] of rows) {
    it(`of ${String(source)}`, () => expect(reachOfExpression(source)).to.deep.equal({ prefix, rest }));
  }
});

describe("covers", () => {
  it("is true for a catch-all in front of the whole prefix, and false when it cannot be told", () => {
    expect(covers(reachOfString("/files/*"), reachOfExpression(/\/files\/(\d+)/))).to.equal(true);
    expect(covers(reachOfExpression(/\/.*/), reachOfExpression(/\/a/))).to.equal(true);
    expect(covers(reachOfString("/files/*"), reachOfExpression(/\/file(.*)/))).to.equal(false);
    expect(covers(reachOfString("/files/:id"), reachOfExpression(/\/files\/(\d+)/))).to.equal(false);
    expect(covers(reachOfString("/files/*"), reachOfExpression(/\/FILES\/a/i))).to.equal(false);
  });
});
