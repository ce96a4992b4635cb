import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.js";
import { RawClient, parseAnswer } from "../support/raw-client.js";
import type { Report } from "./application.js";
import { framingRows, smuggled } from "./framing-rows.js";
import { gateRows } from "./gate-rows.js";
import { bodies } from "./rows/bodies.js";
import type { Fault } from "./rows/fault.js";
import { headers } from "./rows/headers.js";
import { json } from "./rows/json.js";
import { paths } from "./rows/paths.js";
import { slow } from "./rows/slow.js";
import { WatchedServer } from "./watched-server.js";

/**
 * Everything that a client can do wrong and a handler with it, against a whole application in a process of its own. Of each row
 * holds: its status; one line in the log at most, unless it says more; the event loop is not held for 50 ms; memory does not grow;
 * the answer shows nothing of the server; no file is left; the next request is served.
 */

/** Milliseconds that the loop may be held. */
const longest = 50;
/** What memory may grow by in one row, whose own body is in it, garbage included. */
const growth = 48 * 1024 * 1024;
/** A busy machine makes single tries slow and large; what holds the loop by itself does so in each. */
const tries = 4;
/** Milliseconds until a connection must be closed: longer than every timeout of the application. */
const patience = 8_000;
const late = Object.assign(new Error("the server has not closed the connection"), { code: "ERR_LATE" });

/** What an answer must not have: names of software, versions, places in files, stacks. */
const places = [process.cwd(), tmpdir(), homedir()].filter((path) => path.length > 1);
const shown = new RegExp(
  [
    "node",
    "llhttp",
    "HPE_",
    "ERR_",
    "waterspout",
    "(?<![\\d.])v?\\d+\\.\\d+\\.\\d+(?![\\d.])",
    "\\n\\s+at ",
    "Error:",
    "\\.[cm]?[jt]s\\b",
    "file:\\/\\/",
    "\\n(?:server|x-powered-by):",
    ...places.map((path) => path.replaceAll(/[^\w/]/g, "\\$&")),
  ].join("|"),
  "i",
);

interface Tried {
  readonly received: string;
  readonly report: Report;
}

describe("a fault", () => {
  let files: TemporaryFolder;
  let temporary: TemporaryFolder;
  let server: WatchedServer;

  before(async () => {
    files = temporaryFolder({
      "site/public.txt": "public",
      "site/sub/inside.txt": "inside",
      "site/.env": "outside",
      "site/.git/config": "outside",
      "site/sub/.env": "outside",
      "site/public.txt~": "outside",
      "site/app.js.map": "outside",
      "site-private/x.txt": "outside",
      "outside.txt": "outside",
    });
    const site = join(files.path, "site");
    symlinkSync(join(files.path, "outside.txt"), join(site, "out.txt"));
    symlinkSync(files.path, join(site, "out"));
    symlinkSync("/dev/null", join(site, "null"));
    symlinkSync("/proc/self/environ", join(site, "environ"));
    symlinkSync("loop", join(site, "loop"));
    execFileSync("mkfifo", [join(site, "fifo")]);
    temporary = temporaryFolder();
    server = await WatchedServer.start(site, temporary.path, "patient");
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
    files[Symbol.dispose]();
    temporary[Symbol.dispose]();
  });

  async function tried({ what, send: given }: Fault): Promise<Tried> {
    const send = typeof given === "object" && "make" in given ? given.make() : given;
    const client = new RawClient(server.port);
    const deadline = setTimeout(() => client.socket.destroy(late), patience);
    const report = await server.during(async () => {
      await client.connected();
      if (typeof send === "function") await send(client);
      else await client.send(send).end();
    });
    clearTimeout(deadline);
    client.close();
    expect(client.error, what).to.not.equal("ERR_LATE");
    return { received: client.received, report };
  }

  /** Of several tries, the first in which the machine was not in the way. */
  async function judged(fault: Fault): Promise<Tried> {
    for (let left = tries; ; left--) {
      const attempt = await tried(fault);
      if (left === 1 || (attempt.report.held <= longest && attempt.report.growth <= growth)) return attempt;
      await server.collect();
    }
  }

  function check({ status, lines = 1, told, check: more }: Fault, { received, report }: Tried): void {
    const answer = parseAnswer(received);
    expect([status].flat(), received.slice(0, 500)).to.include(answer.status);
    expect(report.lines.length, report.lines.join("\n")).to.be.at.most(lines);
    expect(report.held, "milliseconds that the loop was held").to.be.at.most(longest);
    expect(report.growth, "bytes that memory grew by").to.be.at.most(growth);
    expect(report.connections, "connections that did not close").to.equal(0);
    expect(report.temporary, "temporary files").to.deep.equal([]);
    if (told !== undefined) expect(report.closed, "handlers that were told").to.equal(told);
    expect(received.slice(0, 100_000)).to.not.match(shown);
    if (answer.status !== 0) more?.(answer);
  }

  async function holds(fault: Fault): Promise<Tried> {
    const attempt = await judged(fault);
    check(fault, attempt);
    expect(parseAnswer(await server.next()).body).to.equal("served");
    return attempt;
  }

  for (const [group, faults] of Object.entries({ paths, headers, bodies, json })) {
    describe(`of ${group}`, () => {
      for (const fault of faults) it(`${fault.what}: ${String(fault.status)}`, async () => void (await holds(fault)));
    });
  }

  describe("of framing", () => {
    for (const [what, bytes, status] of [...Object.values(framingRows).flat(), ...gateRows]) {
      it(`${what}: ${status}`, async () => {
        const { report } = await holds({ what, send: bytes + smuggled, status });
        expect(report.lines.join("\n")).to.not.include("smuggled");
      });
    }

    it("in what is odd and clear: trailers are not merged", async () => {
      for (const name of ["Authorization", "Content-Type", "Host", "Cookie"]) {
        const send = `POST /p HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n${name}: forged\r\n\r\n`;
        const { received } = await holds({ what: name, send, status: 200 });
        expect(received).to.include("POST a hello").and.not.include("forged");
      }
    });
  });

  describe("of slow clients", () => {
    before(async () => {
      await server[Symbol.asyncDispose]();
      server = await WatchedServer.start(join(files.path, "site"), temporary.path, "impatient");
    });

    for (const fault of slow) it(`${fault.what}: ${String(fault.status)}`, async () => void (await holds(fault)));
  });
});
