import { type IncomingMessage, ServerResponse } from "node:http";
import { expect } from "chai";
import { type AnswerHead, OwnHead, SharedHead } from "#src/http/answer-head.js";

const response = (): ServerResponse => new ServerResponse({ method: "GET", httpVersionMajor: 1 } as IncomingMessage);
const heads: readonly [string, () => AnswerHead][] = [
  ["OwnHead", () => new OwnHead()],
  ["SharedHead", () => new SharedHead(response(), new OwnHead())],
];

for (const [name, make] of heads) {
  describe(name, () => {
    let head: AnswerHead;

    beforeEach(() => {
      head = make();
    });

    it("is an empty 200 at first", () => {
      expect(head.status).to.equal(200);
      expect(head.reason || "").to.equal("");
      expect(head.fields()).to.deep.equal([]);
    });

    it("finds a field by its name in any case, and replaces it", () => {
      head.set("X-One", "1");
      head.set("Content-Type", "text/plain");
      head.set("x-one", "2");
      expect([head.get("X-ONE"), head.has("X-one"), head.get("content-type")]).to.deep.equal(["2", true, "text/plain"]);
      expect([head.get("X-Two"), head.has("X-Two")]).to.deep.equal([undefined, false]);
      expect(head.fields().map(([field]) => field.toLowerCase())).to.deep.equal(["x-one", "content-type"]);
    });

    it("adds lines to a field, in their order", () => {
      head.append("Set-Cookie", "a=1");
      head.append("set-cookie", "b=2");
      head.append("SET-COOKIE", ["c=3", "d=4"]);
      expect(head.get("Set-Cookie")).to.deep.equal(["a=1", "b=2", "c=3", "d=4"]);
    });

    it("removes one field and leaves the others, with what they say", () => {
      for (const field of ["A", "B", "C"]) head.set(`X-${field}`, field);
      head.remove("x-b");
      head.remove("x-none");
      expect(head.get("X-B")).to.equal(undefined);
      expect([head.get("X-A"), head.get("X-C")]).to.deep.equal(["A", "C"]);
    });
  });
}

describe("OwnHead", () => {
  it("#send gives node all of it at once: status, phrase, and a line for each of a list", () => {
    const head = new OwnHead();
    head.status = 404;
    head.reason = "Nowhere";
    head.set("X-One", "1");
    head.set("Set-Cookie", ["a=1", "b=2"]);
    const raw = response();
    head.send(raw);
    expect(raw.headersSent).to.equal(true);
    const [section] = [Reflect.get(raw, "_header") as string];
    expect(section).to.match(/^HTTP\/1\.1 404 Nowhere\r\nX-One: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n/);
  });
});

describe("OwnHead#text", () => {
  it("is a line for each field in the order in which they were set, and for each of a list", () => {
    const head = new OwnHead();
    head.set("X-One", "1");
    head.set("Set-Cookie", ["a=1", "b=2"]);
    head.set("x-one", "2");
    expect(head.text()).to.equal("x-one: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n");
    expect(new OwnHead().text()).to.equal("");
  });
});

describe("SharedHead", () => {
  it("takes over what there is, and shows what others set", () => {
    const own = new OwnHead();
    own.status = 201;
    own.reason = "Made";
    own.set("Content-Length", "5");
    const raw = response();
    const head: AnswerHead = new SharedHead(raw, own);
    expect([raw.statusCode, raw.statusMessage, raw.getHeader("content-length")]).to.deep.equal([201, "Made", "5"]);
    raw.setHeader("X-Other", 7);
    raw.statusCode = 202;
    expect([head.get("X-Other"), head.status]).to.deep.equal(["7", 202]);
    expect(head.text()).to.equal(undefined);
    head.send(raw);
    expect(raw.headersSent).to.equal(false);
  });
});
