import { expect } from "chai";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { StartError } from "#src/errors.js";
import { PidFile } from "#src/process/pid-file.js";
import { expectLog } from "../support/log.js";

describe("PidFile", () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(os.tmpdir(), "waterspout-"));
    path = join(directory, "shop.pid");
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** Runs what was registered for the end of this process since. */
  function exit(before: readonly Function[]): void {
    for (const listener of process.listeners("exit").filter((each) => !before.includes(each))) {
      process.off("exit", listener);
      listener(0);
    }
  }

  it("writes nothing before it is published", () => {
    expect(new PidFile(path)).to.be.instanceOf(PidFile);
    expect(readdirSync(directory)).to.deep.equal([]);
  });

  it("has the pid while the process is there, whatever stood in it before", () => {
    writeFileSync(path, "1\n");
    const before = process.listeners("exit");
    new PidFile(path).publish();
    expect(readFileSync(path, "utf8")).to.equal(`${process.pid}\n`);
    expect(readdirSync(directory)).to.deep.equal(["shop.pid"]);
    exit(before);
    expect(readdirSync(directory)).to.deep.equal([]);
  });

  it("leaves the file of another process that has taken its place", () => {
    const before = process.listeners("exit");
    new PidFile(path).publish();
    writeFileSync(path, "1\n");
    exit(before);
    expect(readFileSync(path, "utf8")).to.equal("1\n");
  });

  it("is refused for a folder that is not there", () => {
    const refused = (): unknown => new PidFile(join(directory, "none", "shop.pid"));
    expect(refused).to.throw(StartError, /^pidFile: \S+none\/shop\.pid cannot be written: ENOENT/);
  });

  it("logs that it could not be written in the end, and leaves nothing", () => {
    expectLog(/pidFile: \S+shop\.pid could not be written/);
    const file = new PidFile(path);
    // A folder of that name: the file cannot take its place.
    mkdirSync(join(path, "full"), { recursive: true });
    const before = process.listeners("exit");
    file.publish();
    expect(process.listeners("exit")).to.deep.equal(before);
    expect(readdirSync(directory).filter((name) => name.includes(String(process.pid)))).to.deep.equal([]);
  });
});
