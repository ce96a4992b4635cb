import { readFileSync } from "node:fs";
import { expect } from "chai";
import { muteLog } from "../support/log.js";
import { requireTornado } from "../support/tornado.js";
import { differencesOf } from "./compare.js";
import { type IntendedDifference, intended } from "./differences.js";
import { type OracleRequest, requests } from "./requests.js";
import { type Answer, startOurs, startTornado } from "./run.js";

interface Compared {
  readonly request: OracleRequest;
  readonly theirs: Answer;
  readonly ours: Answer;
}

/** How many requests are under way at a time, for some are waited out. */
const lanes = 16;

/** Asks both applications everything; the results are in the order of the requests. */
async function compareAll(): Promise<Compared[]> {
  await using theirs = await startTornado();
  await using ours = await startOurs();
  const all: Compared[] = [];
  const waiting = requests.entries();
  const askOn = async (): Promise<void> => {
    for (const [index, request] of waiting) {
      all[index] = { request, theirs: await theirs.ask(request), ours: await ours.ask(request) };
    }
  };
  await Promise.all(Array.from({ length: lanes }, askOn));
  return all;
}

describe("the same handlers in Tornado and in Waterspout", () => {
  let compared: Compared[] = [];

  before(async function () {
    requireTornado(this);
    this.timeout(240_000);
    compared = await muteLog(compareAll);
  });

  function explains({ request, difference }: IntendedDifference, name: string, line: string): boolean {
    return request.test(name) && difference.test(line);
  }

  it("answer the same to hundreds of requests, but for what is meant to differ", () => {
    const unexplained = compared.flatMap(({ request: { name }, theirs, ours }) =>
      differencesOf(theirs, ours)
        .filter((line) => !intended.some((rule) => explains(rule, name, line)))
        .map((line) => `${name}: ${line}`),
    );
    expect(compared).to.have.length.above(400);
    expect(unexplained).to.deep.equal([]);
  });

  it("differ in everything that is said to differ", () => {
    const lines = compared.flatMap(({ request: { name }, theirs, ours }) =>
      differencesOf(theirs, ours).map((line) => ({ name, line })),
    );
    const stale = intended.filter((rule) => !lines.some(({ name, line }) => explains(rule, name, line)));
    expect(stale.map(({ matter }) => matter)).to.deep.equal([]);
  });

  it("get an answer to everything from Waterspout", () => {
    const silent = compared.filter(({ ours }) => ours.status === 0);
    expect(silent.map(({ request: { name } }) => name)).to.deep.equal([]);
  });
});

describe("docs/compared-with-tornado.md", () => {
  it("lists every intended difference with its reason, and no other", () => {
    const page = readFileSync(new URL("../../../docs/compared-with-tornado.md", import.meta.url), "utf8");
    const rows = page.split("\n").filter((line) => line.startsWith("| ") && !/^\| (---|matter)/.test(line));
    const cells = rows.map((row) =>
      row
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
    expect(cells).to.deep.equal(intended.map(({ matter, why }) => [matter, why]));
  });
});
