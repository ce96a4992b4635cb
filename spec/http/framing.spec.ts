import type { IncomingMessage } from "node:http";
import { expect } from "chai";
import { hasBody } from "#src/http/framing.js";

describe("hasBody", () => {
  it("is what the header fields announce", () => {
    const announcing = (headers: object): boolean => hasBody({ headers } as IncomingMessage);
    expect([{}, { "content-length": "0" }].map(announcing)).to.deep.equal([false, false]);
    expect([{ "content-length": "7" }, { "transfer-encoding": "chunked" }].map(announcing)).to.deep.equal([true, true]);
  });
});
