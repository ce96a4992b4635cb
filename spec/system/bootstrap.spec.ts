import { expect } from "chai";
import type { ServeOptions } from "waterspout";
import type { ProgramOptions } from "../support/program.js";
import { ServedProgram } from "../support/served-program.js";

interface Who {
  readonly pid: number;
  readonly taskId: number | null;
  readonly role: string;
  readonly worker: { readonly threadId: number; readonly taskId: number | null; readonly role: string };
}

const clean = { code: 0, signal: null };

function fixture(name: string): URL {
  return new URL(`./fixtures/${name}`, import.meta.url);
}

function served(form: string, options: ServeOptions = {}, program: ProgramOptions = {}): ServedProgram {
  const args = [form, JSON.stringify({ port: 0, ...options })];
  return new ServedProgram(fixture("served.js"), args, { ...program, env: { SAY: "1", ...program.env } });
}

describe("programs", () => {
  describe("the roles of a module", () => {
    it("runs it in the primary, in each server and in each worker, and what follows in the first two, also after Ctrl-C; configures the last two", async () => {
      await using app = served("here", { processes: 2 }, { env: { WARM: "1" } });
      const { pid, taskId, role, worker } = await app.json<Who>("/who");
      expect({ role, worker: worker.role, sameTask: worker.taskId === taskId }).to.deep.equal({
        role: "server",
        worker: "executor",
        sameTask: true,
      });
      // As Ctrl-C does, which reaches the whole group.
      app.program.killGroup("SIGINT");
      expect(await app.ended()).to.deep.equal(clean);

      const ofPrimary = new RegExp(` of ${app.program.pid}$`);
      expect(app.count(/^main in thread 0 /), "main modules in main threads").to.equal(3);
      expect(app.count(/^main in thread [1-9]/), "main modules in workers").to.equal(2);
      expect(app.count(/^configured/)).to.equal(4);
      expect(app.lines(/^configured/).filter((line) => ofPrimary.test(line))).to.deep.equal([]);
      expect(app.lines(/^after bootstrap/).filter((line) => ofPrimary.test(line))).to.have.length(1);
      expect(app.count(/^after bootstrap in thread 0 /), "main modules that went on").to.equal(3);
      expect(app.count(/^after bootstrap/)).to.equal(3);
      expect(app.count(new RegExp(`^after bootstrap in thread 0 of ${pid}$`))).to.equal(1);
      expect(app.count(/^disposed server/)).to.equal(2);
      expect(app.count(/^disposed executor/), "only one was used").to.equal(1);

      // Ready is a server whose executors are: their configure takes a while.
      const output = app.program.output();
      for (const line of ["server 0", "server 1", "executor 0", "executor 1"]) {
        expect(output.indexOf(`configured ${line} of`), line)
          .to.be.above(-1)
          .and.below(output.indexOf("listening on"));
      }
    });

    it("has workers import nothing but the module that exports the definition", async () => {
      await using app = served("URL", { processes: 1 });
      expect((await app.json<Who>("/who")).worker.role).to.equal("executor");
      expect(await app.stop()).to.deep.equal(clean);
      expect(app.count(/^main in thread 0 /)).to.equal(1);
      expect(app.count(/^main in thread [1-9]/)).to.equal(0);
      expect(app.count(/^evaluated in thread [1-9]/)).to.equal(1);
    });

    it("serves in the program's own process with processes: 1", async () => {
      await using app = served("path", { processes: 1 });
      const who = await app.json<Who>("/who");
      expect(who).to.deep.include({ pid: app.program.pid, taskId: null, role: "server" });
      expect(who.worker).to.deep.include({ taskId: null, role: "executor" });
      expect(await app.stop("SIGINT")).to.deep.equal(clean);
      expect(app.count(/configured (server|executor) 0 of/)).to.equal(2);
      expect(app.count(/^after bootstrap in thread 0/)).to.equal(1);
    });

    it("serves a program in CommonJS, which requires the package and names itself by __filename", async () => {
      await using app = new ServedProgram(fixture("common.cjs"));
      expect(await app.get("/")).to.match(/^from thread [1-9]/);
      expect(await app.stop()).to.deep.equal(clean);
      expect(app.count(/^after bootstrap$/)).to.equal(1);
    });

    it("finds the module of a program of explicit steps that was started without its extension", async () => {
      const program = new URL(fixture("steps.js").href.replace(/\.js$/, ""));
      await using app = new ServedProgram(program);
      expect(await app.get("/thread")).to.match(/^thread [1-9]/);
      expect(await app.stop()).to.deep.equal(clean);
      expect(app.count(/^the loop was stopped$/)).to.equal(1);
    });
  });

  describe("the environment", () => {
    it("says what the options do not: PORT, HOST, WEB_CONCURRENCY", async () => {
      const env = { PORT: "0", HOST: "127.0.0.2", WEB_CONCURRENCY: "2", SAY: "1" };
      await using app = new ServedProgram(fixture("served.js"), ["URL string"], { env });
      await app.program.line(/listening on http:\/\/127\.0\.0\.2:\d+, 2 processes$/);
      expect(await app.stop()).to.deep.equal(clean);
    });

    it("does not count where the options say it, nor when it is empty", async () => {
      const env = { PORT: "1", HOST: "", WEB_CONCURRENCY: "7" };
      await using app = served("URL", { processes: 1 }, { env });
      await app.program.line(/listening on http:\/\/127\.0\.0\.1:\d+$/);
      expect(await app.stop()).to.deep.equal(clean);
    });

    it("is refused where it makes no sense", async () => {
      await using app = new ServedProgram(fixture("served.js"), ["URL"], { env: { WEB_CONCURRENCY: "many" } });
      expect((await app.ended()).code).to.equal(1);
      expect(app.program.output()).to.include(
        'ConfigurationError: the environment variable WEB_CONCURRENCY must be a whole number, it is "many"',
      );
    });
  });

  // One program, which loses a child and then its primary.
  describe("the loss", () => {
    let app: ServedProgram;

    before(() => {
      app = served("here", { processes: 2 }, { env: { WARM: "1" } });
    });

    after(() => app[Symbol.asyncDispose]());

    it("of a child is followed by a new one with the same task id, and the service goes on", async () => {
      const { pid, taskId } = await app.json<Who>("/who");
      process.kill(pid, "SIGKILL");
      const [, after = ""] = await app.program.lines(new RegExp(`configured server ${String(taskId)} of`), 2);
      const next = Number(/ of (\d+)$/.exec(after)?.[1]);
      expect(next).not.to.equal(pid);
      await app.program.lines(new RegExp(`configured executor ${String(taskId)} of`), 2);
      // The other child serves all the while; the new one does when it is ready.
      while ((await app.json<Who>("/who")).pid !== next);
    });

    it("of the primary ends its children in order", async () => {
      app.program.kill("SIGKILL");
      await app.program.closed;
      expect(app.count(/has lost its primary, stopping/)).to.equal(2);
      expect(app.count(/^disposed server/)).to.equal(2);
    });
  });

  describe("a signal", () => {
    for (const processes of [1, 2]) {
      it(`lets requests in flight be answered, tasks included, with processes: ${processes}`, async () => {
        await using app = served("here", { processes });
        const answers = [1, 2, 3].map(() => app.get("/late"));
        await app.program.lines(/^held by/, 3);
        expect(await app.stop("SIGTERM")).to.deep.equal(clean);
        expect(new Set(await Promise.all(answers))).to.deep.equal(new Set(["late, and executor"]));
        expect(app.count(/not all was done/)).to.equal(0);
      });

      it(`forces the end when it comes again, with processes: ${processes}`, async () => {
        await using app = served("here", { processes });
        const answer = app.get("/never").catch(() => "cut off");
        await app.program.line(/^held by/);
        app.program.kill("SIGTERM");
        // Until the first one has been taken, a second one might be merged with it.
        await untilRefused(await app.url("/"));
        expect((await app.stop("SIGTERM")).code).to.equal(143);
        expect(await answer).to.equal("cut off");
      });
    }

    it("ends a program that is still starting, with 0", async () => {
      await using app = new ServedProgram(fixture("slow-start.js"), ["1", "until SIGTERM"]);
      await app.program.line(/^configuring/);
      expect(await app.stop()).to.deep.equal(clean);
      expect(app.program.output()).to.match(/^configuring in \d+\nafter bootstrap\n$/);
    });

    it("ends children that are still starting, with 0", async () => {
      await using app = new ServedProgram(fixture("slow-start.js"), ["2", "until SIGTERM"]);
      await app.program.lines(/^configuring/, 2);
      expect(await app.stop()).to.deep.equal(clean);
    });

    it("forces the end of a program that never starts when it comes again", async () => {
      await using app = new ServedProgram(fixture("slow-start.js"), ["1"]);
      await app.program.line(/^configuring/);
      app.program.kill("SIGINT");
      app.program.kill("SIGTERM");
      expect((await app.ended()).code).to.be.oneOf([130, 143]);
    });
  });
});

/** Signals arrive in no time, but are not seen before the loop turns: a refused connection shows that one was. */
async function untilRefused(url: string): Promise<void> {
  for (;;) {
    try {
      await (await fetch(url, { headers: { connection: "close" } })).text();
    } catch {
      return;
    }
  }
}
