import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import * as errors from "#src/errors.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** The words in code on a page: in backticks, and in blocks. */
function codeWords(page: string): Set<string> {
  const code = read(page).match(/```[\s\S]*?```|`[^`\n]+`/g) ?? [];
  return new Set(code.flatMap((text) => text.split(/\W+/)));
}

/** The members of an interface or of an object of defaults, read from its source. */
function membersOf(file: string, name: string): string[] {
  const body = new RegExp(`(?:interface|const) ${name}\\b[^{]*{([\\s\\S]*?)\\n}`).exec(read(file))?.[1] ?? "";
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member = ""]) => member);
}

/** What an index exports, types included. */
function exportsOf(file: string): string[] {
  const lists = [...read(file).matchAll(/^export (?:type )?\{([^}]*)\}/gm)];
  return lists
    .flatMap(([, list = ""]) => list.split(",").map((entry) => entry.trim().replace(/^type /, "")))
    .filter(Boolean);
}

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(page: string): string[] {
  const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading.toLowerCase());
  return headings.map((heading) => heading.replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-"));
}

/** The cells of a table's lines, without those of its head. */
function rowsOf(text: string): string[][] {
  const lines = text.split("\n").filter((line) => line.startsWith("| `"));
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
}

describe("docs/errors.md", () => {
  const rows = rowsOf(read("docs/errors.md"));

  /** The code that a class gives itself, or its parent's. */
  function codeOf(name: string): string {
    const source = new RegExp(`class ${name} extends (\\w+)[\\s\\S]*?\\n}`).exec(read("src/errors.ts"));
    return /super\(\s*"([A-Z_]+)"/.exec(source?.[0] ?? "")?.[1] ?? codeOf(source?.[1] ?? "");
  }

  it("has a line for every class and code, and no other", () => {
    const classes = Object.values(errors).filter(
      (value) => (value as { prototype?: unknown }).prototype instanceof errors.WaterspoutError,
    ) as unknown as { name: string }[];
    const expected = classes.map(({ name }) => `\`${name}\` \`${codeOf(name)}\``);
    expect(rows.map(([name = "", code = ""]) => `${name} ${code}`)).to.have.members(expected);
  });

  it("gives the status and the retryable of each", () => {
    const samples = [
      new errors.ConfigurationError(""),
      new errors.InjectionError(""),
      new errors.StartError(""),
      new errors.MissingArgumentError(""),
      new errors.RequestNotAvailableError(""),
      new errors.ResponseError(""),
      new errors.ClientClosedError(),
      new errors.WebSocketClosedError(),
      new errors.QueueFullError("", 1),
      new errors.DeadlineExceededError("", "running"),
      new errors.CancelledError(),
      new errors.WorkerCrashedError(""),
      new errors.WorkerOutOfMemoryError(""),
      new errors.WorkerBootError(""),
      new errors.SerializationError("", ""),
      new errors.ExecutorClosedError(""),
    ];
    for (const { name, status, retryable } of samples) {
      const row = rows.find(([shown]) => shown === `\`${name}\``) ?? [];
      expect(row[2], name).to.include(String(status));
      expect(row[3], name).to.match(retryable ? /^yes$/ : /^(no|when .+)$/);
    }
  });
});

describe("the guide", () => {
  it("names everything that the package exports", () => {
    const known = new Set(pages.flatMap((page) => [...codeWords(page)]));
    const exported = ["src/index.ts", "src/testing/index.ts"].flatMap(exportsOf);
    expect(exported).to.include.members(["bootstrap", "TaskOptions", "startApplication"]);
    expect(exported.filter((name) => !known.has(name))).to.deep.equal([]);
  });

  it("lists no name that the package does not export", () => {
    const listed = rowsOf(read("docs/api.md")).flatMap(([names = ""]) => [...names.matchAll(/`(\w+)`/g)]);
    const exported = ["src/index.ts", "src/testing/index.ts"].flatMap(exportsOf);
    expect(exported).to.include.members(listed.map(([, name = ""]) => name));
  });

  const options: [page: string, file: string, name: string][] = [
    ["docs/executors.md", "src/executors/thread.ts", "ThreadPoolOptions"],
    ["docs/executors.md", "src/executors/process-pool.ts", "ProcessPoolOptions"],
    ["docs/executors.md", "src/executors/inline.ts", "InlineOptions"],
    ["docs/executors.md", "src/executors/queue-options.ts", "QueueOptions"],
    ["docs/executors.md", "src/concurrent.ts", "TaskOptions"],
    ["docs/executors.md", "src/decorators/run-on-executor.ts", "RunOnExecutorOptions"],
    ["docs/executors.md", "src/decorators/run-on-executor.ts", "RetryOptions"],
    ["docs/executors.md", "src/executors/executor.ts", "MapOptions"],
    ["docs/executors.md", "src/executors/executor.ts", "ExecutorStats"],
    ["docs/executors.md", "src/executors/executor.ts", "WorkerStats"],
    ["docs/executors.md", "src/context.ts", "ExecutorContextValue"],
    ["docs/api.md", "src/executors/executor.ts", "ShutdownOptions"],
    ["docs/bootstrap.md", "src/web/application.ts", "ApplicationDefinition"],
    ["docs/bootstrap.md", "src/bootstrap.ts", "ServeOptions"],
    ["docs/cookies-and-trust.md", "src/web/trust.ts", "TrustOptions"],
    ["docs/cookies-and-trust.md", "src/web/xsrf.ts", "XsrfOptions"],
    ["docs/cookies-and-trust.md", "src/cors-options.ts", "CorsOptions"],
    ["docs/cookies-and-trust.md", "src/http/cookies.ts", "CookieOptions"],
    ["docs/cookies-and-trust.md", "src/http/signed-value.ts", "SignOptions"],
    ["docs/cookies-and-trust.md", "src/http/signed-value.ts", "VerifyOptions"],
    ["docs/cookies-and-trust.md", "src/web/signed-cookies.ts", "SignedCookieOptions"],
    ["docs/processes.md", "src/process/options.ts", "SupervisorOptions"],
    ["docs/http.md", "src/http/limits.ts", "defaults"],
    ["docs/health.md", "src/web/health.ts", "HealthOptions"],
    ["docs/logging.md", "src/log.ts", "LogSettings"],
    ["docs/logging.md", "src/log.ts", "LogRecord"],
    ["docs/handlers.md", "src/http/conditional.ts", "Validators"],
    ["docs/static-files.md", "src/web/static-handler.ts", "StaticFileArguments"],
    ["docs/http.md", "src/http/compression.ts", "CompressOptions"],
    ["docs/routing.md", "src/web/group.ts", "GroupOptions"],
    ["docs/routing.md", "src/web/redirect-handler.ts", "RedirectArguments"],
    ["docs/routing.md", "src/web/error-handler.ts", "ErrorArguments"],
    ["docs/routing.md", "src/web/fallback-handler.ts", "FallbackArguments"],
    ["docs/events.md", "src/web/events.ts", "ServerSentEvent"],
    ["docs/events.md", "src/web/events.ts", "EventStreamOptions"],
    ["docs/websocket.md", "src/web/websocket-options.ts", "WebSocketOptions"],
    ["docs/websocket.md", "src/web/websocket-options.ts", "WebSocketCompression"],
  ];

  for (const [page, file, name] of options) {
    it(`names every member of ${name} in ${page}`, () => {
      const members = membersOf(file, name);
      const known = codeWords(page);
      expect(members, file).not.to.be.empty;
      expect(members.filter((member) => !known.has(member))).to.deep.equal([]);
    });
  }

  it("has no broken link", () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
        .filter(([, file = "", anchor]) => !leadsSomewhere(page, file, anchor))
        .map(([link]) => `${page}: ${link}`),
    );
    expect(broken).to.deep.equal([]);
  });

  it("has a link to every page in its index", () => {
    const index = read("docs/README.md");
    const others = pages.filter((page) => page.startsWith("docs/") && page !== "docs/README.md");
    expect(others.filter((page) => !index.includes(`](${page.slice("docs/".length)})`))).to.deep.equal([]);
  });

  it("has tables whose lines have as many cells as their heads", () => {
    const faulty = pages.flatMap((page) => crookedTableLines(read(page)).map((line) => `${page}: ${line}`));
    expect(faulty).to.deep.equal([]);
  });
});

function leadsSomewhere(page: string, file: string, anchor: string | undefined): boolean {
  const target = file === "" ? page : join(dirname(page), file);
  if (!existsSync(join(root, target))) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

function crookedTableLines(text: string): string[] {
  const cellsOf = (line: string): number => line.split(/(?<!\\)\|/).length;
  const lines = text.split("\n");
  return lines.filter((line, index) => {
    const previous = lines[index - 1] ?? "";
    return line.startsWith("|") && previous.startsWith("|") && cellsOf(line) !== cellsOf(previous);
  });
}

describe("docs/dependencies.md", () => {
  interface Locked {
    readonly version: string;
    readonly license: string;
    readonly engines?: { readonly node?: string };
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
    readonly peerDependencies?: Readonly<Record<string, string>>;
    readonly devDependencies?: Readonly<Record<string, string>>;
  }

  const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, Locked> };
  const [installed = "", development = ""] = read("docs/dependencies.md").split("## For development");

  /** Where Node looks a name up from a package: beside it, then further out. */
  function resolve(from: string, name: string): string | undefined {
    const path = `${from === "" ? "" : `${from}/`}node_modules/${name}`;
    if (path in packages) return path;
    return from === "" ? undefined : resolve(from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/"))), name);
  }

  /** All that the package at `path` brings, itself not included; an optional one that the lock has not, is not brought. */
  function brought(path: string, found = new Map<string, Locked>()): Map<string, Locked> {
    const { dependencies, optionalDependencies, peerDependencies } = packages[path] as Locked;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const next = resolve(path, name);
      if (next === undefined || found.has(name)) continue;
      found.set(name, packages[next] as Locked);
      brought(next, found);
    }
    return found;
  }

  const expected = brought("").set("waterspout", packages[""] as Locked);

  it("lists exactly what an installed application brings", () => {
    const listed = new Set([...installed.matchAll(/`((?:@[\w-]+\/)?[a-z][\w-]*)`/g)].map(([, name = ""]) => name));
    expect([...listed]).to.have.members([...expected.keys()]);
  });

  it("gives version, licence and Node of each", () => {
    for (const [cell = "", version, license, node] of rowsOf(installed)) {
      const locked = expected.get(cell.replaceAll("`", "")) as Locked;
      const range = locked.engines?.node === undefined ? "any" : `\`${locked.engines.node.replaceAll("|", "\\|")}\``;
      expect([version, license, node], cell).to.deep.equal([locked.version, locked.license, range]);
    }
  });

  it("counts what is installed on one platform", () => {
    const binary = [...expected.keys()].filter((name) => name.startsWith("@napi-rs/nice-")).length;
    expect(installed).to.include(`${expected.size - binary + 1} packages`);
    expect(read("README.md")).to.include(`${expected.size - binary + 1} packages`);
  });

  it("lists the tools of development, their versions and licences", () => {
    const peers = Object.keys(packages[""]?.peerDependencies ?? {});
    const tools = Object.keys(packages[""]?.devDependencies ?? {}).filter((name) => !peers.includes(name));
    const shown = rowsOf(development).flatMap(([names = "", versions = "", license = ""]) =>
      names.split(", ").map((name, index) => [name.replaceAll("`", ""), versions.split(", ")[index], license]),
    );
    expect(shown).to.have.deep.members(
      tools.map((name) => [name, packages[`node_modules/${name}`]?.version, packages[`node_modules/${name}`]?.license]),
    );
  });
});
