import { expect } from "chai";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launchChromium } from "../support/chromium.js";
import { expectLog, untilLogged } from "../support/log.js";
import { until } from "../support/until.js";
import { bytes, digest } from "./application.js";
import { servePage, serveEvil } from "./page-application.js";

describe("a page in Chromium", function () {
  this.timeout(60_000);

  let browser: Browser | undefined;
  let context: BrowserContext | undefined;

  before(async function () {
    browser = await launchChromium(this);
  });

  after(() => browser?.close());

  afterEach(() => context?.close());

  /** Opens a page in a window without a past. `faults` is what the browser's console says is wrong. */
  async function open(url: string): Promise<{ readonly page: Page; readonly faults: string[] }> {
    context = await browser?.newContext();
    const page = await context?.newPage();
    if (page === undefined) throw new Error("there is no browser");
    page.setDefaultTimeout(30_000);
    const faults: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") faults.push(message.text());
    });
    page.on("pageerror", (error) => faults.push(String(error)));
    await page.goto(url);
    return { page, faults };
  }

  it("uploads a file by a form with a token, and none without it", async () => {
    await using app = await servePage();
    const { page, faults } = await open(app.url);
    const file = { name: 'a "b" é.bin', mimeType: "application/octet-stream", buffer: bytes };
    await page.fill("input[name=note]", "größer\u0020als");
    await page.setInputFiles("input[name=file]", file);
    await page.click("#upload");
    expect(await page.textContent("#uploaded")).to.equal("100000 bytes");
    const upload = { filename: 'a "b" é.bin', size: bytes.length, digest: digest(bytes), note: "größer als" };
    expect(app.visit.uploads).to.deep.equal([upload]);
    expect(faults).to.deep.equal([]);

    expectLog(/403 POST \/upload .*: '_xsrf' argument missing from POST$/);
    await page.goto(app.url);
    await page.setInputFiles("input[name=file]", file);
    await page.evaluate(`document.querySelector("input[name=_xsrf]").remove()`);
    const [answer] = await Promise.all([page.waitForResponse(/upload/), page.click("#upload")]);
    expect(answer.status()).to.equal(403);
    expect(app.visit.uploads).to.have.lengthOf(1);
  });

  it("shows a script the cookies that are for it, and sends all of them back with a token", async () => {
    await using app = await servePage();
    const { page, faults } = await open(app.url);
    expect(await page.textContent("#cookies")).to.equal("_xsrf shown");
    const kept = (await context?.cookies()) ?? [];
    const attributes = kept.map(({ name, httpOnly, sameSite, secure }) => ({ name, httpOnly, sameSite, secure }));
    const usual = { sameSite: "Lax", secure: false };
    expect(attributes.toSorted((a, b) => a.name.localeCompare(b.name))).to.deep.equal([
      { name: "_xsrf", httpOnly: false, ...usual },
      { name: "hidden", httpOnly: true, ...usual },
      { name: "shown", httpOnly: false, ...usual },
      { name: "user", httpOnly: true, ...usual },
    ]);
    await page.click("#change");
    await page.getByText("200 changed by Zoë").waitFor();
    // A visitor cannot be somebody else.
    const user = kept.find(({ name }) => name === "user");
    if (user !== undefined) await context?.addCookies([{ ...user, value: user.value.replace("4:user", "5:admin") }]);
    await page.click("#change");
    await page.getByText("200 changed by undefined").waitFor();
    expect(app.visit.changes).to.deep.equal(["Zoë", undefined]);
    expect(faults).to.deep.equal([]);

    expectLog(/403 POST \/change .*: '_xsrf' argument missing from POST$/);
    await page.click("#change-bare");
    await page.getByText("403 ").waitFor();
    expect(app.visit.changes).to.have.lengthOf(2);
  });

  it("gets events, and goes on after the last one when the connection has ended", async () => {
    await using app = await servePage();
    const { page, faults } = await open(app.url);
    await page.getByText("6: é 6").waitFor();
    expect(await page.locator("#events li").allTextContents()).to.deep.equal(
      [1, 2, 3, 4, 5, 6].map((id) => `${id}: é ${id}`),
    );
    expect(app.visit.eventsFrom.slice(0, 2)).to.deep.equal([undefined, "3"]);
    expect(faults).to.deep.equal([]);
  });

  it("is safe from a page of another site, and from one of another port that has its cookies, and in no frame of theirs", async () => {
    await using app = await servePage();
    const neighbour = app.url.replace("127.0.0.1", "localhost");
    await using evil = await serveEvil([app.url, neighbour]);
    const { page, faults } = await open(app.url);
    await page.goto(neighbour);
    expect(faults).to.deep.equal([]);
    await page.goto(evil.url.replace("127.0.0.1", "localhost"));
    // The browser tells of its refusal when the page has been loaded already.
    await until(() => page.frames().some((frame) => frame.url() === "chrome-error://chromewebdata/"));
    await until(() => faults.join().includes("X-Frame-Options"));
    for (const index of [0, 1]) {
      expectLog(/403 POST \/change .*: another site caused the request: http:\/\/localhost:\d+$/);
      const [answer] = await Promise.all([page.waitForResponse(/change/), page.click(`#post${index}`)]);
      expect(answer.status()).to.equal(403);
      // Of the same site, whatever the port: only then are cookies sent along.
      const headers = await answer.request().allHeaders();
      expect(headers["cookie"]?.includes("user=") ?? false).to.equal(index === 1);
    }
    expect(app.visit.changes).to.deep.equal([]);
    await untilLogged(/403 POST/);
  });
});
