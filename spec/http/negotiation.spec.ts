import { expect } from "chai";
import { acceptedEncodings, preferredType } from "#src/http/negotiation.js";

describe("preferredType", () => {
  it("follows Accept, and gives the first where that does not care", () => {
    const types = ["application/json", "text/html"] as const;
    expect(preferredType("*/*", types)).to.equal("application/json");
    expect(preferredType("text/html, */*;q=0.1", types)).to.equal("text/html");
    expect(preferredType("text/*;q=0.5, application/json;q=0.4", types)).to.equal("text/html");
    expect(preferredType("image/png", types)).to.equal(undefined);
  });
});

describe("acceptedEncodings", () => {
  const rows: [field: string, accepted: string[]][] = [
    ["", ["identity"]],
    ["gzip", ["gzip", "identity"]],
    ["gzip, deflate, br", ["br", "gzip", "identity"]],
    ["br;q=0.5, gzip;q=0.8", ["gzip", "br", "identity"]],
    ["gzip;q=0", ["identity"]],
    ["gzip;q=0.000, br", ["br", "identity"]],
    ["*", ["br", "gzip", "identity"]],
    ["*;q=0", []],
    ["br, *;q=0", ["br"]],
    ["identity;q=0", []],
    ["gzip, identity;q=0", ["gzip"]],
    ["identity, gzip;q=0.5", ["identity", "gzip"]],
    ["GZIP", ["gzip", "identity"]],
    ["x-gzip, compress", ["identity"]],
    ["gzipped, xgzip", ["identity"]],
    ["gzip;q=abc", ["identity"]],
    [";;,,=,q=1", ["identity"]],
  ];
  for (const [field, accepted] of rows) {
    it(`of ${JSON.stringify(field)}`, () => {
      expect(acceptedEncodings(field, ["br", "gzip"])).to.deep.equal(accepted);
    });
  }

  // Were it quadratic, it would not come back within the time of a test.
  it("takes linear time", () => {
    expect(acceptedEncodings("a,".repeat(300_000), ["br"])).to.deep.equal(["identity"]);
    expect(acceptedEncodings("br;q=0.1,".repeat(100_000), ["br"])).to.include("br");
    expect(acceptedEncodings(`br${";a=b".repeat(300_000)}`, ["br"])).to.include("br");
  });
});
