import { expect } from "chai";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startProgram } from "../support/program.js";

/** What an executor starts in a thread or a process of its own, and nobody imports. */
const entries = ["executors/worker-entry.js", "executors/process-entry.js"];

describe("importing a module", () => {
  /** What a program prints that imports modules and does nothing else, and how it ends. */
  async function importing(modules: readonly string[]): Promise<{ output: string; code: number | null }> {
    // tsyringe wants reflect-metadata first, which the package brings.
    const code = `await import("waterspout"); for (const module of ${JSON.stringify(modules)}) await import(module);
      await new Promise((resolve) => setImmediate(resolve));
      const names = [...process.eventNames()].filter((name) => process.listenerCount(name) > 0 && /^SIG|uncaught|unhandled/.test(String(name)));
      console.log("imported " + ${modules.length} + " " + JSON.stringify([names, process.getActiveResourcesInfo().filter((name) => !/Pipe/.test(name))]));`;
    const program = startProgram("--input-type=module", [`--eval=${code}`]);
    try {
      const exit = await program.exited;
      await program.closed;
      return { output: program.output(), code: exit.code };
    } finally {
      await program.dispose();
    }
  }

  it("of the package starts nothing: no thread, socket, timer or listener", async () => {
    const dist = new URL("./", import.meta.resolve("#src/index.js"));
    const modules = readdirSync(fileURLToPath(dist), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".js") && !entries.includes(name))
      .map((name) => new URL(name, dist).href);
    expect(modules.length).to.be.above(80);
    expect(await importing(modules)).to.deep.equal({ output: `imported ${modules.length} [[],[]]\n`, code: 0 });
  });

  it("of an application starts nothing", async () => {
    const modules = ["./fixtures/application.js", "../../samples/sleep/app.js", "../../samples/sleep/page.js"].map(
      (name) => new URL(name, import.meta.url).href,
    );
    expect(await importing(modules)).to.deep.equal({ output: "imported 3 [[],[]]\n", code: 0 });
  });
});
