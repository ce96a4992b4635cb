import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { ThreadPoolExecutor } from "waterspout";
import { type RunningApplication, startApplication } from "waterspout/testing";
import { expectLog, untilLogged } from "../support/log.js";

describe("a request whose work runs on threads", () => {
  let folder: string;
  let file: string;
  let app: RunningApplication;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "waterspout-"));
    file = join(folder, "notes");
    const executor = new ThreadPoolExecutor({ maxThreads: 1, maxQueue: 1, cancelGrace: 5_000 });
    app = await startApplication(new URL("./fixtures/disconnect.js", import.meta.url), {
      executors: { default: executor },
    });
  });

  afterEach(async () => {
    await app.stop();
    await rm(folder, { recursive: true });
  });

  const notes = async (): Promise<string> => readFile(file, "utf8").catch(() => "");

  async function until(text: string): Promise<void> {
    for (const end = Date.now() + 10_000; Date.now() < end; await sleep(5)) if ((await notes()).includes(text)) return;
    throw new Error(`never: ${text}`);
  }

  /** Asks, and leaves when `leave` is called. */
  function ask(path: string): { leave: () => void; answer: Promise<Response | undefined> } {
    const controller = new AbortController();
    const answer = app.fetch(`${path}?file=${encodeURIComponent(file)}`, { signal: controller.signal });
    return { leave: () => controller.abort(), answer: answer.catch(() => undefined) };
  }

  it("never starts a task whose client left while it waited, and aborts a running one", async () => {
    const running = ask("/hold/first");
    await until("first started");
    const waiting = ask("/hold/second");
    await untilQueued();
    waiting.leave();
    await untilLogged(/499 GET \/hold\/second/);
    running.leave();
    await until("first aborted");
    await (await ask("/notes/write").answer)?.text();
    expect(await notes()).to.equal("first started\nfirst aborted\nnote\n");
  });

  it("lets a detached task run on", async () => {
    const { leave } = ask("/notes/later");
    await sleep(20);
    leave();
    await until("later");
  });

  it("answers 503 with Retry-After when the queue is full", async () => {
    const clients = [ask("/hold/first")];
    await until("first started");
    clients.push(ask("/hold/second"));
    await untilQueued();
    expectLog(/503 GET \/hold\/third\?.*: the queue is full: 1 waiting/);
    const refused = await ask("/hold/third").answer;
    expect(refused?.status).to.equal(503);
    expect(Number(refused?.headers.get("retry-after"))).to.be.at.least(1);
    expect(await refused?.json()).to.include({ code: "QUEUE_FULL", status: 503 });
    for (const { leave } of clients) leave();
    await until("first aborted");
  });

  it("answers 504 at a deadline", async () => {
    expectLog(/504 GET .*: Notes.tooLong ran for longer than its deadline of 50 ms/);
    expect((await ask("/notes/tooLong").answer)?.status).to.equal(504);
  });

  it("answers with the status and headers of an HTTPError from the worker", async () => {
    expectLog(/404 GET .*: not in the worker either/);
    const answer = await ask("/notes/missing").answer;
    expect([answer?.status, answer?.headers.get("x-from")]).to.deep.equal([404, "worker"]);
  });

  it("answers 500 for a result that cannot be cloned, says where in the log, and lives on", async () => {
    expectLog(/Notes.functionResult: result.when is a function/, /500 GET/);
    const answer = await ask("/notes/functionResult").answer;
    expect(await answer?.text()).not.to.include("function");
    expect((await ask("/notes/write").answer)?.status).to.equal(200);
  });

  /** The one place in the queue is taken. */
  async function untilQueued(): Promise<void> {
    const { default: executor } = app.application.definition.executors as { default: ThreadPoolExecutor };
    for (const end = Date.now() + 10_000; Date.now() < end; await sleep(5)) if (executor.stats().queued === 1) return;
    throw new Error("nothing is queued");
  }
});
