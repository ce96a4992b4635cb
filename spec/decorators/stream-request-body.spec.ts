import { expect } from "chai";
import { StreamRequestBody } from "#src/decorators/stream-request-body.js";
import { takesStreamedBody } from "#src/metadata.js";

describe("StreamRequestBody", () => {
  it("records itself on the class, for its subclasses too", () => {
    @StreamRequestBody()
    class Upload {}
    class Sub extends Upload {}
    class Other {}
    expect([Upload, Sub, Other].map(takesStreamedBody)).to.deep.equal([true, true, false]);
  });
});
