import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const programs = "spec/fixtures/must-not-compile";
const directories = { refused: programs, accepted: "spec/fixtures/must-compile" };
const marker = "// expect: ";

interface Message {
  readonly line: number;
  readonly text: string;
}

/** What the compiler prints for both directories of programs, in one run. */
function compile(): Promise<string> {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiler, "-p", join(root, programs), "--pretty", "false", "--listFiles"],
      { cwd: root, maxBuffer: 64 * 1024 * 1024 },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
  });
}

/** Only the first line of each message is kept: it is what a reader sees first, so it has to be enough. */
function messagesIn(output: string, file: string): Message[] {
  return output.split("\n").flatMap((line) => {
    const [, path = "", number = "", text = ""] = /^(\S+)\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
    return path === file ? [{ line: Number(number), text: text.trim() }] : [];
  });
}

/** Markers speak of the next line that is none. */
function expectationsIn(file: string): Message[] {
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  return lines.flatMap((line, index) => {
    const at = line.indexOf(marker);
    if (at === -1) return [];
    const next = lines.findIndex((other, otherIndex) => otherIndex > index && !other.includes(marker));
    return [{ line: next + 1, text: line.slice(at + marker.length).trim() }];
  });
}

function programsIn(directory: string): string[] {
  return readdirSync(join(root, directory))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${directory}/${name}`);
}

describe("TypedMethodDecorator", () => {
  let output = "";

  before(async function () {
    this.timeout(120_000);
    output = await compile();
  });

  it("is checked by a compiler that ran and found nothing wrong with its own call", () => {
    const configuration = output.split("\n").filter((line) => line.startsWith("error "));
    expect(configuration).to.deep.equal([]);
  });

  describe("refuses", () => {
    for (const file of programsIn(directories.refused)) {
      it(basename(file, ".ts"), () => {
        const messages = messagesIn(output, file);
        const expectations = expectationsIn(file);
        expect(expectations).not.to.be.empty;
        for (const { line, text } of expectations) {
          const found = messages.filter((message) => message.line === line && message.text.includes(text));
          expect(found, `${file}:${line} should say ${text}`).not.to.be.empty;
        }
        const places = expectations.map(({ line }) => line);
        expect(messages.filter(({ line }) => !places.includes(line))).to.deep.equal([]);
      });
    }
  });

  describe("accepts", () => {
    for (const file of programsIn(directories.accepted)) {
      it(basename(file, ".ts"), () => {
        expect(output.split("\n")).to.include(join(root, file));
        expect(messagesIn(output, file)).to.deep.equal([]);
      });
    }
  });

  it("puts the reason in front of everything that it has to say about types", () => {
    const refusals = output.split("\n").filter((line) => /error TS127[01]:/.test(line));
    expect(refusals).not.to.be.empty;
    for (const line of refusals) {
      expect(line).to.match(/error TS127[01]: Decorator function return type (is )?'(Refused|Verdict)<"/);
    }
  });
});
