import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

/**
 * Makes `dist/` of what the compiler has emitted into `.build/src`: few files instead of one for each module, because each
 * module costs every worker thread 24 KB and every process part of its start.
 *
 * The modules stand together by who loads them. At the place of each stays a file that exports what it exported, so that
 * it can be started, loaded on demand and imported by its spec, and there is one instance of everything.
 */

/** Which modules stand in one file: those that the named ones import, and that no file above has. */
const files = {
  // What every process and every worker thread loads.
  core: ["index", "executors/worker-entry", "executors/process-entry"],
  // What a worker loads whose program names the module of its definition.
  definitions: ["modules"],
  // What the watchdog's thread loads.
  watching: ["process/watchdog-thread"],
  // What a program has, served or supervised, with HTTP or without.
  serving: ["start-failure", "logging", "program", "process/options", "process/child"],
  // What answers requests.
  answering: [
    "serve",
    "web/site",
    "http/server",
    "runtime",
    "process/acceptor",
    "http/listen",
    "executors/thread-workers",
    "executors/worker-pool",
  ],
  // What only a primary loads.
  supervising: ["process/supervisor"],
  // What few programs need.
  "command-line": ["options/parser"],
  forms: ["http/multipart"],
  "files-of-folders": ["web/serve-file"],
  sockets: ["web/websockets"],
  "worker-processes": ["executors/process-workers"],
  "contract-application": ["testing/contract/application"],
  contract: ["testing/index"],
};

/** These stay where they are: to load them is to start something. */
const started = ["executors/worker-entry", "executors/process-entry", "process/watchdog-thread"];

const root = import.meta.dirname;
const compiled = resolve(root, ".build/src");
const published = resolve(root, "dist");
const modules = filesIn(resolve(root, "src"))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.slice(0, -".ts".length));

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

const compiledFile = (module) => join(compiled, `${module}.js`);

/** By the path of a compiled module: the file where it will stand. */
let places;

function placeOf(id, context) {
  places ??= allPlaces((module) => context.getModuleInfo(module).importedIds);
  return places.get(id);
}

function allPlaces(importsOf) {
  const found = new Map();
  const alone = new Set(started.map(compiledFile));
  for (const [name, first] of Object.entries(files)) {
    const reached = first.map(compiledFile);
    // It grows on the way.
    for (const id of reached) {
      if (found.has(id) || !id.startsWith(compiled)) continue;
      found.set(id, alone.has(id) ? null : name);
      reached.push(...importsOf(id));
    }
  }
  return found;
}

/** What the compiler emitted, with its map, so that places are those of `src`. */
const compilerOutput = {
  name: "compiler-output",
  buildStart() {
    if (!existsSync(compiledFile("index"))) this.error("there is nothing in .build/src: run `npx tsc -b --force src`");
  },
  load(id) {
    return { code: readFileSync(id, "utf8"), map: readFileSync(`${id}.map`, "utf8") };
  },
};

/**
 * V8 keeps a text with one letter beyond Latin-1 in twice the memory, in every thread. In code an escape stands for the same
 * wherever such a letter may stand: in strings, templates and regular expressions.
 */
const asciiOnly = {
  name: "ascii-only",
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type === "chunk") chunk.code = chunk.code.replaceAll(/[^\0-\x7f]/g, escaped);
    }
  },
};

function escaped(unit) {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Errors are known by the names of their classes, in the log, in `docs/errors.md` and between threads. */
const classNames = {
  name: "class-names",
  generateBundle(_, bundle) {
    for (const { fileName, code = "" } of Object.values(bundle)) {
      const [, renamed] = /\b(\w+)\$\d+ = class\b/.exec(code) ?? /\bclass (\w+)\$\d+\b/.exec(code) ?? [];
      if (renamed !== undefined)
        this.error(`two classes ${renamed} would stand in dist/${fileName}: rename one of them`);
    }
  },
};

/** What the bundler would add of its own is one file more for every thread: its helpers, or what it splits off. */
const noOtherFiles = {
  name: "no-other-files",
  generateBundle(_, bundle) {
    for (const { fileName, type, isEntry } of Object.values(bundle)) {
      if (type !== "chunk" || isEntry || Object.keys(files).some((name) => fileName === `${name}.js`)) continue;
      this.error(`dist/${fileName} is none of the files of rolldown.config.js: is a module imported by \`import *\`?`);
    }
  },
};

/**
 * Writes what has changed, each file at once, and nothing else, for a program may be running from there; and removes what
 * belongs to no module any more.
 */
const difference = {
  name: "difference",
  generateBundle(_, bundle) {
    const kept = new Set(["src.tsbuildinfo", ...modules.flatMap((module) => [`${module}.d.ts`, `${module}.d.ts.map`])]);
    for (const [name, { code, source = code }] of Object.entries(bundle)) {
      kept.add(name);
      writeIfChanged(join(published, name), source);
      delete bundle[name];
    }
    for (const name of filesIn(published)) if (!kept.has(name)) rmSync(join(published, name));
  },
};

function writeIfChanged(path, text) {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, text);
  renameSync(unfinished, path);
}

// oxlint-disable-next-line import/no-default-export -- rolldown asks for it
export default {
  input: Object.fromEntries(modules.map((module) => [module, compiledFile(module)])),
  external: [/^node:/, /^[^./]/],
  platform: "node",
  preserveEntrySignatures: "allow-extension",
  plugins: [compilerOutput, asciiOnly, classNames, noOtherFiles, difference],
  logLevel: "warn",
  output: {
    dir: published,
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ name: placeOf, debugName: "by who loads them" }],
    },
    sourcemap: true,
    comments: false,
    minify: false,
    minifyInternalExports: false,
  },
};
