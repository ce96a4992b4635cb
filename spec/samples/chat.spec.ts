import { once } from "node:events";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { WebSocket } from "ws";
import { launchChromium } from "../support/chromium.js";
import { ServedProgram } from "../support/served-program.js";

const main = new URL("../../samples/chat/main.js", import.meta.url);

/** A member of a room who remembers what was said. */
class Member {
  readonly socket: WebSocket;
  readonly heard: string[] = [];

  constructor(url: string) {
    this.socket = new WebSocket(url.replace("http", "ws"));
    this.socket.on("message", (data: Buffer) => {
      const { from, text } = JSON.parse(data.toString()) as { from: string; text: string };
      this.heard.push(`${from} ${text}`);
    });
  }

  async hears(text: string): Promise<void> {
    while (!this.heard.includes(text)) await once(this.socket, "message");
  }
}

describe("the chat sample", function () {
  this.timeout(60_000);

  const start = (): ServedProgram => new ServedProgram(main, ["--port=0"]);

  it("sends what one says to all in the room and to nobody else, and works on a thread", async () => {
    await using app = start();
    const ann = new Member(await app.url("/chat/lobby?name=ann"));
    await ann.hears("ann has joined");
    const bob = new Member(await app.url("/chat/lobby?name=bob"));
    const eve = new Member(await app.url("/chat/attic?name=eve"));
    await Promise.all([ann.hears("bob has joined"), eve.hears("eve has joined")]);
    ann.socket.send("/primes 100000");
    bob.socket.send("hello");
    await Promise.all([ann.hears("bob hello"), bob.hears("ann 9592 primes below 100000")]);
    bob.socket.send(Buffer.from("bytes"));
    const [code, reason] = (await once(bob.socket, "close")) as [number, Buffer];
    expect([code, reason.toString()]).to.deep.equal([1003, "text, please"]);
    await ann.hears("bob has left");
    expect(eve.heard).to.deep.equal(["eve has joined"]);
    const closed = Promise.all([ann, eve].map(({ socket }) => once(socket, "close")));
    expect(await app.stop()).to.deep.equal({ code: 0, signal: null });
    expect((await closed).map(([closeCode]) => closeCode as number)).to.deep.equal([1001, 1001]);
  });

  it("lets nobody in without a name", async () => {
    await using app = start();
    const member = new Member(await app.url("/chat/lobby"));
    const [error] = (await once(member.socket, "error")) as [Error];
    expect(error.message).to.include("400");
    await app.stop();
  });

  describe("its page", () => {
    let browser: Browser | undefined;

    before(async function () {
      browser = await launchChromium(this);
    });

    after(() => browser?.close());

    it("shows what others say, as text, and says when the server is gone", async () => {
      await using app = start();
      const [ann, bob] = await Promise.all(["ann", "bob"].map(async (name) => enter(await app.url("/"), name)));
      expect(await ann?.isVisible("#enter")).to.equal(false);
      await bob?.fill("[name=text]", "<b>bold</b>");
      await bob?.press("[name=text]", "Enter");
      await ann?.waitForSelector("li:has-text('bob <b>bold</b>')");
      expect(await ann?.locator("li b b").count()).to.equal(0);
      for (let line = 0; line < 30; line++) {
        await bob?.fill("[name=text]", `line ${line}`);
        await bob?.press("[name=text]", "Enter");
      }
      const last = await ann?.waitForSelector("li:has-text('line 29')");
      for (const shown of [last, await ann?.$("#say"), await ann?.$("#status")]) {
        const { y = -1, height = 0 } = (await shown?.boundingBox()) ?? {};
        expect(y).to.be.at.least(0);
        expect(y + height).to.be.at.most(ann?.viewportSize()?.height ?? 0);
      }
      await app.stop();
      await ann?.waitForSelector("#status:has-text('…')");
    });

    async function enter(url: string, name: string): Promise<Page> {
      const page = (await browser?.newPage()) as Page;
      await page.goto(url);
      expect(await page.isVisible("#say")).to.equal(false);
      await page.fill("[name=name]", name);
      await page.click("text=Join");
      await page.waitForSelector(`li:has-text('${name} has joined')`);
      return page;
    }
  });
});
