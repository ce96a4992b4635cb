import { once } from "node:events";
import { spawn } from "node:child_process";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { Program } from "../support/program.js";
import { RawClient } from "../support/raw-client.js";
import { requireLinux } from "../support/skip.js";

const fixture = fileURLToPath(new URL("./fixtures/stopping.js", import.meta.url));

/** A program that may have so many open files, as a shell sets it. */
function startWithin(descriptors: number, options: object): Program {
  const command = `ulimit -n ${descriptors}; exec "${process.execPath}" "${fixture}" '${JSON.stringify(options)}'`;
  return new Program(spawn("bash", ["-c", command], { stdio: ["ignore", "pipe", "pipe"], detached: true }));
}

describe("a program with few open files", function () {
  let program: Program;

  before(function () {
    requireLinux(this, "only Linux says how many files a process may open");
  });

  afterEach(() => program.dispose());

  it("drops connections beyond its limit, serves on, and takes new ones when others have left", async () => {
    program = startWithin(64, {});
    const port = Number(/:(\d+)$/.exec(await program.line(/listening on http/))?.[1]);
    const clients = Array.from({ length: 100 }, () => new RawClient(port));
    await Promise.all(clients.map((client) => client.connected().catch(() => client)));
    const ended = await Promise.all(
      clients.map((client) => {
        client.send("GET /ping HTTP/1.1\r\nHost: a\r\n\r\n");
        return Promise.race([client.until(/pong$/).then(() => "served"), client.end().then(() => "dropped")]).catch(
          () => "dropped",
        );
      }),
    );
    expect(ended.filter((end) => end === "served")).to.have.length(32);
    await program.line(/\[W .*connections are dropped: there are 32, as many as maxConnections and open files allow$/);
    expect(program.output().match(/connections are dropped/g)).to.have.length(1);

    for (const client of clients) {
      client.close();
      if (!client.socket.closed) await once(client.socket, "close");
    }
    // That they have left is noticed one after the other.
    const request = "GET /ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    while (!(await new RawClient(port).send(request).end()).endsWith("pong")) await turn();
    program.kill("SIGTERM");
    expect(await program.exited).to.deep.equal({ code: 0, signal: null });
  });

  it("refuses to start with more connections than it may have", async () => {
    program = startWithin(64, { maxConnections: 60 });
    await program.exited.then(({ code }) => expect(code).to.equal(1));
    await program.closed;
    expect(program.output()).to.match(/^ConfigurationError: maxConnections \(60\) must not be above 32: /m);
  });
});
