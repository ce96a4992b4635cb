import { expect } from "chai";
import type { Browser, Locator, Page } from "playwright-core";
import { launchChromium } from "../support/chromium.js";
import { type Program, startProgram } from "../support/program.js";

/** A thread that starts on a busy machine takes its time; nothing here is a measurement. */
const deadline = 30_000;

describe("the page of the sleep sample", function () {
  this.timeout(4 * deadline);

  let browser: Browser | undefined;
  let program: Program | undefined;

  before(async function () {
    browser = await launchChromium(this);
  });

  after(() => browser?.close());

  afterEach(() => program?.dispose());

  /** Starts the program and opens its page. */
  async function open(...options: string[]): Promise<SleepPage> {
    const main = new URL("../../samples/sleep/main.js", import.meta.url);
    program = startProgram(main, ["--port=0", ...options], { env: { HOST: undefined } });
    const [url = ""] = /http:\S+\d/.exec(await program.line(/listening on http/, deadline)) ?? [];
    const page = await browser?.newPage();
    if (page === undefined) throw new Error("there is no browser");
    page.setDefaultTimeout(deadline);
    const opened = new SleepPage(page, url, program);
    await page.goto(url);
    return opened;
  }

  it("shows all processes and threads, then where each of six runs blocks, and that pings are answered meanwhile", async () => {
    // A run takes longer than a thread to start, also on a machine that is busy.
    const page = await open("--processes=2", "--threads=4", "--step=150ms");
    expect(await page.count(".lane .threads"), "a lane for each process").to.equal(2);
    expect(await page.count(".lane .threads i"), "a square for each thread").to.equal(8);
    expect(await page.text("#lead")).to.contain("8 runs at once");
    expect(await page.text("#status")).to.equal("Nothing is running.");
    await page.start(6);
    await page.until("done");

    const rows = await page.rows();
    expect(rows.map(({ run, steps, state }) => ({ run, steps, state }))).to.deep.equal(
      [1, 2, 3, 4, 5, 6].map((run) => ({ run: String(run), steps: "15/15", state: "done" })),
    );
    for (const { pid, taskId, thread } of rows) {
      expect(page.program.childPids()).to.include(Number(pid));
      expect(taskId).to.match(/^[01]$/);
      expect(Number(thread)).to.be.at.least(1);
    }
    expect(overlapping(rows.map(({ time }) => time.split(" – ").map(Number.parseFloat))), "runs at one time").to.equal(
      true,
    );
    expect(overlapping(page.stepsPrinted()), "steps in between of another run's").to.equal(true);
    expect(page.pingsBetweenSteps()).to.be.at.least(1);
    for (const figure of ["last", "p50", "p99", "max"]) expect(await page.text(`#ping-${figure}`)).to.match(/^\d/);
    expect(await page.text("#status")).to.match(/^Done: 6 × 2\.25 s one after another = 13\.5 s, here \d+\.\d+ s\.$/);
    expect(page.errors).to.deep.equal([]);
    await page.close();
  });

  it("cancels the runs on the server when Stop is pressed", async () => {
    const page = await open("--processes=2", "--threads=4", "--step=200ms");
    await page.start(6);
    await page.program.line(/^step 1 : run/, deadline);
    await page.press("#stop");
    await page.until("stopped");

    expect((await page.rows()).map(({ state }) => state)).to.deep.equal(Array<string>(6).fill("cancelled"));
    expect(await page.text("#status")).to.match(/^Stopped after .* The server cancels 6 runs\.$/);
    await page.expectRunsEnded(6);
    expect(page.errors).to.deep.equal([]);
    await page.close();
  });

  it("ends the runs on the server when it is closed, and the server goes on", async () => {
    const page = await open("--processes=2", "--threads=4", "--step=200ms");
    const children = page.program.childPids();
    await page.start(6);
    await page.program.line(/^step 1 : run/, deadline);
    await page.close();

    await page.expectRunsEnded(6);
    expect(page.program.childPids()).to.deep.equal(children);
    expect((await fetch(page.url)).status).to.equal(200);
    expect(page.errors).to.deep.equal([]);
  });

  it("shows which runs were refused because the queue is full, and runs the others", async () => {
    const page = await open("--processes=1", "--threads=1", "--step=50ms");
    await page.start(40);
    await page.appears('#runs tr[data-state="refused"]');

    expect(await page.text("#status")).to.match(/refused with 503 \(Retry-After: \d+ s\): the queue is full\.$/);
    await page.appears('#runs tr[data-state="done"]');
    await page.press("#stop");
    await page.until("stopped");
    expect(page.program.output(), "what Node says about so many runs").not.to.contain("Warning");
    await page.close();
  });

  it("says that the connection is lost when the server ends", async () => {
    const page = await open("--processes=2", "--threads=4", "--step=200ms");
    await page.start(3);
    await page.program.line(/^step 1 : run/, deadline);
    page.program.killGroup("SIGKILL");
    await page.until("lost");

    expect((await page.rows()).map(({ state }) => state)).to.deep.equal(["lost", "lost", "lost"]);
    expect(await page.text("#status")).to.match(/^Connection lost after .* 3 runs were cut off\.$/);
    await page.close();
  });
});

interface Row {
  readonly run: string;
  readonly pid: string;
  readonly taskId: string;
  readonly thread: string;
  readonly steps: string;
  readonly time: string;
  readonly state: string | null;
}

/** What a person does with the page and sees on it. */
class SleepPage {
  readonly url: string;
  readonly program: Program;
  /** What the browser's console says is wrong. */
  readonly errors: string[] = [];
  readonly #page: Page;

  constructor(page: Page, url: string, program: Program) {
    this.#page = page;
    this.url = url;
    this.program = program;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.errors.push(message.text());
    });
    page.on("pageerror", (error) => this.errors.push(String(error)));
  }

  async start(count: number): Promise<void> {
    await this.#page.fill("#count", String(count));
    await this.press("#start");
  }

  press(selector: string): Promise<void> {
    return this.#page.click(selector);
  }

  until(state: string): Promise<void> {
    return this.appears(`#status[data-state="${state}"]`);
  }

  appears(selector: string): Promise<void> {
    return this.#page.locator(selector).first().waitFor();
  }

  async text(selector: string): Promise<string> {
    return (await this.#page.textContent(selector)) ?? "";
  }

  count(selector: string): Promise<number> {
    return this.#page.locator(selector).count();
  }

  async rows(): Promise<Row[]> {
    const rows = await this.#page.locator("#runs tr").all();
    return Promise.all(rows.map(readRow));
  }

  close(): Promise<void> {
    return this.#page.close();
  }

  /** Between which lines of the output each run took its steps. */
  stepsPrinted(): number[][] {
    const spans = new Map<string, number[]>();
    for (const [index, line] of this.#output().entries()) {
      const run = /^step \d+ : run (\d+)$/.exec(line)?.[1];
      if (run !== undefined) spans.set(run, [spans.get(run)?.[0] ?? index, index]);
    }
    return [...spans.values()];
  }

  pingsBetweenSteps(): number {
    const lines = this.#output();
    const isStep = (line: string): boolean => line.startsWith("step ");
    const between = lines.slice(lines.findIndex(isStep), lines.findLastIndex(isStep));
    return between.filter((line) => line.includes(" 200 GET /ping ")).length;
  }

  /** One more run is the clock: when it has taken its last step, those that were cancelled would have taken theirs. */
  async expectRunsEnded(count: number): Promise<void> {
    await this.program.lines(/ 499 GET \/steps\?/, count, deadline);
    await (await fetch(`${this.url}/steps?run=99`)).text();
    const finished = this.#output().filter((line) => line.startsWith("step 15 : "));
    expect(finished).to.deep.equal(["step 15 : run 99"]);
  }

  #output(): string[] {
    return this.program.output().split("\n");
  }
}

async function readRow(row: Locator): Promise<Row> {
  const [run = "", pid = "", taskId = "", thread = "", steps = "", time = ""] = await row
    .locator("th, td")
    .allTextContents();
  return { run, pid, taskId, thread, steps, time, state: await row.getAttribute("data-state") };
}

/** Whether any span begins while another has not ended. */
function overlapping(spans: readonly (readonly number[])[]): boolean {
  return spans.some(([start = 0], index) =>
    spans.some(([from = 0, to = 0], other) => other !== index && from <= start && start < to),
  );
}
