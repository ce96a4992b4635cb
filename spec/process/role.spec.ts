import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import { claimRole, isChild, isPrimary, taskId } from "#src/process/role.js";

describe("a process that was not forked", () => {
  it("has no task id and is neither primary nor child", () => {
    expect(taskId()).to.equal(null);
    expect(isChild()).to.equal(false);
    expect(isPrimary()).to.equal(false);
  });

  it("cannot become a child", () => {
    expect(() => claimRole("child")).to.throw(ConfigurationError, /^this process was not forked by Waterspout/);
  });
});
