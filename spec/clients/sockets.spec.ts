import { execFile } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import type { RunningApplication } from "waterspout/testing";
import { WebSocket as Library } from "ws";
import { haproxy } from "../support/haproxy.js";
import { nginx } from "../support/nginx.js";
import { ReverseProxy, requireProxy } from "../support/reverse-proxy.js";
import { launchChromium } from "../support/chromium.js";
import { expectLog } from "../support/log.js";
import { skip } from "../support/skip.js";
import { python, requireTornado } from "../support/tornado.js";
import { until } from "../support/until.js";
import { type Conversation, closeOf, converse, expected, seen, size, startSockets } from "./sockets.js";

/** The same conversation by clients that others have written. */
describe("WebSocketHandler", () => {
  let app: RunningApplication;
  let url: string;

  beforeEach(async () => {
    app = await startSockets({ trustedProxies: ["127.0.0.1"], proxyHeaders: "x-forwarded" });
    url = app.url.replace("http", "ws");
  });

  afterEach(() => app.stop());

  /** What every client finds, and what the handlers have seen of it. */
  async function check({ extensions = "permessage-deflate", ...found }: Partial<Conversation>): Promise<void> {
    expect(found).to.deep.equal(expected);
    expect(extensions).to.match(/^permessage-deflate/);
    await until(() => seen.closes.length === 2);
    // Not every client says the reason again.
    expect(seen.closes.map((close) => close.replace(" bye", "")).sort()).to.deep.equal(["4000", "4001 mine"]);
  }

  /** A drain closes a socket that the client has opened. */
  async function checkDrain(closed: Promise<string>): Promise<void> {
    await until(() => seen.opens === 1);
    const report = await app.stop();
    expect(await closed).to.equal("1001 going away");
    expect(report.cutSockets).to.equal(0);
  }

  describe("and a client of the library ws", () => {
    const Client = Library as unknown as typeof WebSocket;

    it("talk, compressed", async () => {
      expectLog(/403 GET \/refused/);
      await check(await converse(url, Client, size));
    });

    it("part at a drain", () => checkDrain(closeOf(url, Client)));
  });

  for (const program of [nginx, haproxy]) {
    describe(`behind ${program.name}`, () => {
      before(function () {
        requireProxy(this, program);
      });

      it("talks, is told of a page's origin by the host that the proxy names, and parts at a drain", async function () {
        this.timeout(60_000);
        await using proxy = await ReverseProxy.start(program, Number(new URL(app.url).port));
        const behind = proxy.url.replace("http", "ws").replace(/\/$/, "");
        expectLog(/403 GET \/refused/, /403 GET \/sockets\/lobby .*: Cross origin/);
        await check(await converse(behind, Library as unknown as typeof WebSocket, size));
        const ofPage = (origin: string): Library =>
          new Library(`${behind}/sockets/lobby`, { headers: { Host: "shop.example" }, origin });
        const [stranger] = (await once(ofPage("http://evil.example"), "error")) as [Error];
        expect(stranger.message).to.include("403");
        seen.opens = 0;
        const own = ofPage("https://shop.example");
        await checkDrain(once(own, "close").then(([code, reason]) => `${code as number} ${String(reason)}`));
      });
    });
  }

  describe("and Node's own client", () => {
    before(function () {
      if (typeof globalThis.WebSocket !== "function")
        skip(this, `Node ${process.versions.node} has no WebSocket (22 has)`);
    });

    it("talk, compressed", async () => {
      expectLog(/403 GET \/refused/);
      await check(await converse(url, globalThis.WebSocket, size));
    });

    it("part at a drain", () => checkDrain(closeOf(url, globalThis.WebSocket)));
  });

  describe("and Tornado's client", () => {
    before(function () {
      requireTornado(this);
    });

    it("talk, compressed, with pings of the client", async function () {
      this.timeout(60_000);
      expectLog(/403 GET \/refused/);
      const script = fileURLToPath(new URL("../../../spec/clients/tornado_sockets.py", import.meta.url));
      const { stdout } = await promisify(execFile)(python, [script, url, String(size)]);
      await check(JSON.parse(stdout) as Partial<Conversation>);
    });
  });

  describe("and Chromium", function () {
    this.timeout(60_000);

    let browser: Browser | undefined;
    let page: Page;

    before(async function () {
      browser = await launchChromium(this);
    });

    after(() => browser?.close());

    beforeEach(async () => {
      page = (await browser?.newPage()) as Page;
      await page.goto(`${app.url}/page`);
    });

    afterEach(() => page?.close());

    it("talk, compressed", async () => {
      expectLog(/403 GET \/refused/);
      await check(
        await page.evaluate<Conversation>(`(${converse.toString()})(${JSON.stringify(url)}, WebSocket, ${size})`),
      );
    });

    it("part at a drain", () =>
      checkDrain(page.evaluate<string>(`(${closeOf.toString()})(${JSON.stringify(url)}, WebSocket)`)));

    it("do not meet on the page of another site", async () => {
      await using stranger = await startSockets();
      await page.goto(`${stranger.url}/page`);
      expectLog(/403 GET \/sockets\/lobby .*: Cross origin websockets not allowed$/);
      expect(await page.evaluate<string>(`(${closeOf.toString()})(${JSON.stringify(url)}, WebSocket)`)).to.equal(
        "1006 ",
      );
      expect(seen.opens).to.equal(0);
    });
  });
});
