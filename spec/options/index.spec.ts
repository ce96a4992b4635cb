import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program beside this file. */
const run = (args: string[], env: Record<string, string> = {}): Ended =>
  spawnSync(process.execPath, [fileURLToPath(new URL("program.js", import.meta.url)), ...args], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });

describe("the options of the program", () => {
  it("come from its command line", () => {
    expect(JSON.parse(run(["serve", "--port=1"]).stdout)).to.deep.equal({ port: 1, byName: 1, rest: ["serve"] });
  });

  it("come from its environment", () => {
    expect(JSON.parse(run([], { SPEC_PORT: "2" }).stdout)).to.deep.equal({ port: 2, byName: 2, rest: [] });
  });

  it("are printed on stdout for --help, with exit code 0", () => {
    const { status, stdout, stderr } = run(["--help"]);
    expect([status, stderr]).to.deep.equal([0, ""]);
    expect(stdout).to.match(
      /^Usage: program\.js \[options\] \[arguments\]\n[^]*where to listen \(default 8888; environment/,
    );
  });

  it("end it with exit code 2 and a line on stderr when they are wrong", () => {
    const { status, stdout, stderr } = run(["--port=0x10"]);
    expect([status, stdout]).to.deep.equal([2, ""]);
    expect(stderr).to.match(/^--port needs a whole number, got "0x10"\n\nUsage: program\.js /);
  });

  it("end it with an error that names the config file at fault", () => {
    const { status, stderr } = run(["--config=/nowhere.json"]);
    expect(status).to.equal(1);
    expect(stderr).to.match(/ConfigurationError: \/nowhere\.json: the config file cannot be read/);
  });
});
