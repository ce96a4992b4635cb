import { readFileSync } from "node:fs";
import { expect } from "chai";
import { startApplication } from "waterspout/testing";
import { type Loaded, Loader } from "./fixtures/loaded-modules.js";

/**
 * Twenty threads load twenty times what one loads. A name that has to be added here is loaded by every worker of every
 * application: can it be left to where it is needed? See "What a worker loads" in docs/architecture.md.
 */
const packages = ["piscina", "reflect-metadata", "tslib", "tsyringe"];
const dist = new URL("../../../dist/", import.meta.url).href;
/** A file costs a thread about as much as all that stands in it: see `rolldown.config.js`. */
const published = ["core", "executors/worker-entry", "index"];
const folders = /^(?:decorators|executors|injection)\//;
const files = [
  "bootstrap",
  "check",
  "container",
  "context",
  "errors",
  "http/escape-html",
  "http/local-url",
  "http/signed-value",
  "http/url-concat",
  "log",
  "loop",
  "lost-threads",
  "metadata",
  "on-demand",
  "options/index",
  "process/fork",
  "process/role",
  "server",
  "stop-report",
  "web/any-verb",
  "web/application",
  "web/connect",
  "web/error-handler",
  "web/fallback-handler",
  "web/format-routes",
  "web/group",
  "web/handler",
  "web/middleware",
  "web/redirect-handler",
  "web/route",
  "web/static-handler",
  "web/websocket-handler",
  "wiring",
  "worker-process",
];
const serverOnly = ["http", "https", "http2", "net", "tls", "crypto", "zlib", "cluster", "child_process", "dgram"];

describe("a worker thread", () => {
  let loaded!: Loaded;

  before(async () => {
    await using app = await startApplication(new URL("./fixtures/loaded-modules.js", import.meta.url), {
      accessLog: false,
    });
    loaded = await app.application.container.resolve(Loader).loaded();
  });

  it("loads of third parties what injection and the pool need, and nothing else", () => {
    const found = loaded.files.flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
    expect([...new Set(found)].sort()).to.deep.equal(packages);
  });

  it("loads three files of this package", () => {
    const own = loaded.files.filter((url) => url.startsWith(dist)).map((url) => url.slice(dist.length, -".js".length));
    expect(own.sort()).to.deep.equal(published);
  });

  it("loads of this package what a task needs", () => {
    expect(
      modulesIn("core")
        .filter((name) => !folders.test(name))
        .sort(),
    ).to.deep.equal(files);
  });

  it("leaves what makes and watches workers to their executor", () => {
    for (const name of ["thread-workers", "process-workers", "worker-pool", "link-set", "router"]) {
      expect(modulesIn("core")).not.to.include(`executors/${name}`);
    }
  });

  it("loads nothing of Node that belongs to a server", () => {
    expect(loaded.builtin.filter((name) => serverOnly.includes(name))).to.deep.equal([]);
  });
});

/** The modules that stand in a published file, by their paths in `src`. */
function modulesIn(file: string): string[] {
  const { sources } = JSON.parse(readFileSync(new URL(`${file}.js.map`, dist), "utf8")) as { sources: string[] };
  return sources.map((source) => source.slice("../src/".length, -".ts".length));
}
