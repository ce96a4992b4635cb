import { expect } from "chai";
import * as errors from "#src/errors.js";
import { errorClass } from "#src/executors/error-classes.js";

// What happens to errors on their way is in error-codec.spec.ts.
describe("errorClass", () => {
  it("knows every error of this package", () => {
    const classes = Object.entries(errors).filter(
      ([, value]) => typeof value === "function" && value.prototype instanceof Error,
    );
    expect(classes.length).to.be.above(15);
    for (const [name, type] of classes) expect(errorClass(name), name).to.equal(type);
  });
});
