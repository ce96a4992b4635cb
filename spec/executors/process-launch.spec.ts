import { expect } from "chai";
import { execArguments } from "#src/executors/process-launch.js";

describe("execArguments", () => {
  it("keeps what concerns every process of a program", () => {
    const given = ["--enable-source-maps", "--import", "./hooks.js", "--max-http-header-size=1000"];
    expect(execArguments(given)).to.deep.equal(given);
  });

  it("leaves out a debugger's port, a watcher, and code from the command line with its value", () => {
    const given = [
      "--inspect-brk=9229",
      "--watch",
      "--watch-path=src",
      "--input-type=module",
      "--no-warnings",
      "-e",
      "f()",
    ];
    expect(execArguments(given)).to.deep.equal(["--no-warnings"]);
    expect(execArguments(["--print", "1 + 1", "--no-warnings"])).to.deep.equal(["--no-warnings"]);
  });
});
