import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import { connectionLimit } from "#src/http/descriptors.js";

describe("connectionLimit", () => {
  it("leaves a fifth of the descriptors to others, and at least 32", () => {
    expect([64, 100, 1_000, 65_536].map((limit) => connectionLimit(0, limit))).to.deep.equal([32, 68, 800, 52_428]);
    expect(connectionLimit(0, 20), "less than the reserve").to.equal(1);
  });

  it("takes what is wanted, up to that", () => {
    expect(connectionLimit(10, 1_000)).to.equal(10);
    expect(connectionLimit(800, 1_000)).to.equal(800);
    expect(() => connectionLimit(801, 1_000)).to.throw(
      ConfigurationError,
      /^maxConnections \(801\) must not be above 800: this process may have 1000 open files, .* LimitNOFILE of its service$/,
    );
  });

  it("has no bound where the system names none", () => {
    expect(connectionLimit(5_000_000, null)).to.equal(5_000_000);
    expect(connectionLimit(0, null)).to.equal(Number.POSITIVE_INFINITY);
  });
});
