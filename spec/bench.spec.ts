import { readFileSync, readdirSync } from "node:fs";
import { expect } from "chai";
// First: tsyringe wants what it brings.
import "waterspout";
import type { ApplicationDefinition } from "waterspout";
import { defaultHTTPSettings } from "#src/http/limits.js";
import { RawClient } from "./support/raw-client.js";
import { ServedProgram } from "./support/served-program.js";

const folder = new URL("../bench/waterspout/", import.meta.url);

/** What an application may say without leaving a default: what it consists of. */
const content = ["handlers", "configure", "executors"];

describe("the applications that the bench measures", () => {
  const modules = readdirSync(folder).filter((name) => /(?<!main)\.js$/.test(name));
  const definitions: [name: string, definition: ApplicationDefinition][] = [];

  before(async () => {
    for (const name of modules) {
      const module = (await import(new URL(name, folder).href)) as { default?: ApplicationDefinition };
      if (module.default !== undefined) definitions.push([name, module.default]);
    }
  });

  it("set nothing but what they consist of, and turn off nothing but the access log", () => {
    expect(definitions.map(([name]) => name)).to.include.members(["app.js", "scale.js", "tasks.js"]);
    for (const [name, definition] of definitions) {
      const settings = Object.entries(definition).filter(([option]) => !content.includes(option));
      expect(settings, name).to.deep.equal([["accessLog", false]]);
    }
  });

  it("are served with nothing said but where, and with what threads", () => {
    const programs = readdirSync(folder).filter((name) => name.endsWith("main.js"));
    for (const name of programs) {
      const source = readFileSync(
        new URL(`../../bench/waterspout/${name.replace(".js", ".ts")}`, import.meta.url),
        "utf8",
      );
      const [, options = ""] = /bootstrap\(.*?, \{(.*)\}\);/s.exec(source) ?? [];
      const names = [...options.replaceAll(/\{[^{}]*\}/g, "").matchAll(/(?:^|,|\n)\s*(\w+):/g)].map(
        ([, option]) => option,
      );
      expect(names, name).to.include.members(["host", "port"]);
      expect(["executors", "host", "port"], name).to.include.members(names);
    }
  });
});

describe("the program that the bench measures", () => {
  const app = new ServedProgram(new URL("main.js", folder));
  let port = 0;

  before(async () => {
    port = Number(new URL(await app.url("/")).port);
  });
  after(() => app[Symbol.asyncDispose]());

  const greeting = "GET /json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";

  async function statusOf(request: string): Promise<string> {
    return /^HTTP\/1\.1 (\d+)/.exec(await new RawClient(port).send(request).end())?.[1] ?? "";
  }

  function order(body: string, length = body.length): string {
    const head = `Host: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n`;
    return `POST /users/1/orders?currency=EUR HTTP/1.1\r\n${head}\r\n${body}`;
  }

  it("answers with the headers that nobody asked for", async () => {
    const { headers } = await fetch(`http://127.0.0.1:${port}/json`);
    expect(headers.get("x-content-type-options")).to.equal("nosniff");
    expect(headers.get("etag")).to.match(/^"[0-9a-f]{40}"$/);
    expect(headers.get("keep-alive")).to.equal(`timeout=${defaultHTTPSettings.keepAliveTimeout / 1000}`);
    expect(headers.get("content-type")).to.equal("application/json; charset=UTF-8");
  });

  it("keeps to the limits", async () => {
    const { requestLineLimit, headerLimit, headerCount, bodyLimit, jsonDepth } = defaultHTTPSettings;
    expect(await statusOf(`GET /${"a".repeat(requestLineLimit)} HTTP/1.1\r\nHost: a\r\n\r\n`)).to.equal("414");
    expect(await statusOf(`${greeting}A: ${"a".repeat(headerLimit)}\r\n\r\n`)).to.equal("431");
    expect(await statusOf(`${greeting}${"A: a\r\n".repeat(headerCount)}\r\n`)).to.equal("431");
    expect(await statusOf(order("", bodyLimit + 1))).to.equal("413");
    expect(await statusOf(order(`${"[".repeat(jsonDepth + 1)}${"]".repeat(jsonDepth + 1)}`))).to.equal("400");
    expect(await statusOf(order('{"__proto__":{}}'))).to.equal("400");
    expect(await statusOf(order('{"item":"a book","quantity":1}'))).to.equal("200");
  });

  it("checks the headers of requests", async () => {
    expect(await statusOf(`${greeting}\r\n`)).to.equal("200");
    expect(await statusOf(`${greeting}Host: b\r\n\r\n`)).to.equal("400");
    expect(await statusOf(`${greeting}Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n`)).to.equal("400");
  });

  it("answers for what a handler throws", async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/users/1/orders`, { method: "POST" });
    expect(answer.status).to.equal(400);
    expect(answer.headers.get("content-type")).to.equal("application/problem+json");
  });
});
