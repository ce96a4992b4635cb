import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { skip } from "../support/skip.js";

const url = import.meta.resolve("#src/process/terminal.js");
const code = `process.stdout.write(String((await import("${url}")).hasTerminal()))`;

// A program that loses its terminal is in spec/system/terminal.spec.ts.
describe("hasTerminal", () => {
  it("is false in a session of its own", () => {
    const { stdout } = spawnSync("setsid", ["--wait", process.execPath, "--input-type=module", "--eval", code], {
      encoding: "utf8",
    });
    expect(stdout).to.equal("false");
  });

  it("is true where there is one", function () {
    const terminal = `import pty, sys; sys.exit(pty.spawn(sys.argv[1:]))`;
    const args = ["-c", terminal, process.execPath, "--input-type=module", "--eval", code];
    const { stdout, error } = spawnSync("python3", args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
    if (error !== undefined) skip(this, "python3 is not installed");
    expect(stdout.trim()).to.equal("true");
  });
});
