import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import * as testing from "waterspout/testing";
import * as errors from "#src/errors.js";
import * as waterspout from "waterspout";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const pages = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith(".md"),
);
const everything = pages.map(read).join("\n");

/** The members of an interface, read from its source. */
function membersOf(file: string, name: string): string[] {
  const body = new RegExp(`(?:interface|const) ${name}\\b[^{]*{([\\s\\S]*?)\\n}`).exec(read(file))?.[1] ?? "";
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??(?::|\()/gm)].map(([, member = ""]) => member);
}

function names(text: string): Set<string> {
  return new Set([...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = ""]) => code.split(/[^\w]+/)));
}

describe("docs/errors.md", () => {
  const classes = Object.values(errors).filter(
    (value) => (value as { prototype?: unknown }).prototype instanceof errors.WaterspoutError,
  );
  const rows = [...read("docs/errors.md").matchAll(/^\| `(\w+)` \| `(\w+)` \|/gm)].map(
    ([, name, code]) => `${name} ${code}`,
  );

  /** The code that a class gives itself, or its parent's. */
  function codeOf(name: string): string {
    const source = new RegExp(`class ${name} extends (\\w+)[\\s\\S]*?\\n}`).exec(read("src/errors.ts"));
    return /super\(\s*"([A-Z_]+)"/.exec(source?.[0] ?? "")?.[1] ?? codeOf(source?.[1] ?? "");
  }

  it("has a line for every class and code, and no other", () => {
    const expected = (classes as unknown as { name: string }[]).map(({ name }) => `${name} ${codeOf(name)}`);
    expect(rows.toSorted()).to.deep.equal(expected.toSorted());
  });
});

describe("the guide", () => {
  it("names everything that the package exports", () => {
    const known = new Set(everything.split(/\W+/));
    const missing = [...Object.keys(waterspout), ...Object.keys(testing)].filter((name) => !known.has(name));
    expect(missing).to.deep.equal([]);
  });

  const options: [file: string, name: string][] = [
    ["src/executors/thread.ts", "ThreadPoolOptions"],
    ["src/executors/process-pool.ts", "ProcessPoolOptions"],
    ["src/executors/inline.ts", "InlineOptions"],
    ["src/executors/local-executor.ts", "QueueOptions"],
    ["src/concurrent.ts", "TaskOptions"],
    ["src/decorators/run-on-executor.ts", "RunOnExecutorOptions"],
    ["src/decorators/run-on-executor.ts", "RetryOptions"],
    ["src/web/application.ts", "ApplicationDefinition"],
    ["src/bootstrap.ts", "ServeOptions"],
    ["src/process/options.ts", "SupervisorOptions"],
    ["src/http/limits.ts", "defaults"],
  ];

  for (const [file, name] of options) {
    it(`names every option of ${name}`, () => {
      const members = membersOf(file, name);
      const known = names(everything);
      expect(members, file).not.to.be.empty;
      expect(members.filter((member) => !known.has(member))).to.deep.equal([]);
    });
  }

  it("has no broken link", () => {
    const links = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, link = ""]) =>
        join(dirname(page), link),
      ),
    );
    expect(links.filter((link) => !existsSync(join(root, link)))).to.deep.equal([]);
  });
});

describe("docs/dependencies.md", () => {
  it("lists exactly what an installed application brings", () => {
    const { packages } = JSON.parse(read("package-lock.json")) as {
      packages: Record<string, { dev?: boolean; dependencies?: object; peer?: boolean }>;
    };
    const installed = Object.entries(packages).filter(([path, entry]) => path !== "" && entry.dev !== true);
    const peers = ["tsyringe", "tslib", "reflect-metadata"];
    const brought = new Set([
      ...installed.map(([path]) => path.replace(/^.*node_modules\//, "")),
      ...peers,
      "waterspout",
    ]);
    const text = read("docs/dependencies.md").split("## For development")[0] ?? "";
    const listed = new Set([...text.matchAll(/`((?:@[\w-]+\/)?[a-z][\w-]*)`/g)].map(([, name = ""]) => name));
    expect([...listed].toSorted()).to.deep.equal([...brought].toSorted());
  });
});
