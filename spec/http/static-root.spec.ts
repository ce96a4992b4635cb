import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { StaticRoot } from "#src/http/static-root.js";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.js";

describe("StaticRoot", () => {
  let folder: TemporaryFolder;
  let root: StaticRoot;

  before(() => {
    folder = temporaryFolder({
      "public/a.txt": "a",
      "public/sub/b c.txt": "b",
      "public/100%.txt": "percent",
      "public/.env": "secret",
      "public/.git/config": "secret",
      "public/a.txt~": "secret",
      "public/app.js.map": "secret",
      "public/A.MAP": "secret",
      "public-private/secret.txt": "secret",
      "secret.txt": "secret",
    });
    const inside = (name: string): string => join(folder.path, "public", name);
    symlinkSync("a.txt", inside("link.txt"));
    symlinkSync("sub", inside("linked"));
    symlinkSync("../secret.txt", inside("out.txt"));
    symlinkSync("../public-private", inside("out"));
    symlinkSync("/dev/zero", inside("zero"));
    symlinkSync("/proc/self/environ", inside("environ"));
    symlinkSync(".env", inside("unhidden.txt"));
    symlinkSync("circle", inside("circle"));
    symlinkSync("nothing", inside("dangling"));
    root = new StaticRoot(inside(""), undefined);
  });
  after(() => folder[Symbol.dispose]());

  const found = async (path: string): Promise<string | undefined> => {
    const [later, now] = [await root.find(path), root.findNow(path)];
    expect([now?.kind, now?.path]).to.deep.equal([later?.kind, later?.path]);
    return later && `${later.kind} ${later.path.slice(folder.path.length + 1)}`;
  };

  it("finds files and folders, and follows links that stay inside", async () => {
    expect(await found("a.txt")).to.equal("file public/a.txt");
    expect(await found("sub/b c.txt")).to.equal("file public/sub/b c.txt");
    expect(await found("100%.txt")).to.equal("file public/100%.txt");
    expect(await found("link.txt")).to.equal("file public/a.txt");
    expect(await found("linked/b c.txt")).to.equal("file public/sub/b c.txt");
    expect(await found("sub")).to.equal("directory public/sub");
    expect(await found("sub/")).to.equal("directory public/sub");
    expect(await found("")).to.equal("directory public");
  });

  for (const path of [
    "nothing.txt",
    "..",
    "../",
    "../secret.txt",
    "sub/../a.txt",
    "./a.txt",
    "a.txt/x",
    "a.txt/..",
    "//a.txt",
    "/a.txt",
    "sub//b c.txt",
    "/etc/passwd",
    "....//secret.txt",
    "..\\secret.txt",
    "sub\\b c.txt",
    "C:\\boot.ini",
    "C:/boot.ini",
    "file:///etc/passwd",
    "a.txt\0.html",
    "a.txt ",
    "a.txt.",
    "../public-private/secret.txt",
    "out.txt",
    "out/secret.txt",
    "out",
    "zero",
    "environ",
    "unhidden.txt",
    "circle",
    "dangling",
    ".env",
    ".git",
    ".git/config",
    "a.txt~",
    "app.js.map",
    "A.MAP",
    "x".repeat(300),
    "x/".repeat(5000),
  ]) {
    it(`finds nothing at ${JSON.stringify(path.slice(0, 40))}`, async () =>
      expect(await found(path)).to.equal(undefined));
  }

  it("hides what it is told to, and nothing else", async () => {
    const own = new StaticRoot(join(folder.path, "public"), /^a/);
    expect((await own.find(".env"))?.kind).to.equal("file");
    expect(await own.find("a.txt")).to.equal(undefined);
    expect(await own.find("link.txt")).to.equal(undefined);
  });

  it("never opens a FIFO, a socket or a device", async () => {
    const fifo = join(folder.path, "public/fifo");
    const socket = join(folder.path, "public/socket");
    execFileSync("mkfifo", [fifo]);
    const server = createServer().listen(socket);
    await once(server, "listening");
    // Were one opened, it would hold a thread of the pool, which has four.
    expect(await Promise.all(Array.from({ length: 8 }, () => found("fifo")))).to.deep.equal(Array(8).fill(undefined));
    expect(await found("socket")).to.equal(undefined);
    expect(await found("a.txt")).to.equal("file public/a.txt");
    server.close();
    rmSync(fifo);
  });

  it("does not open what has come in the place of what was found", async () => {
    const path = folder.write("public/swapped.txt", "good");
    const entry = await root.find("swapped.txt");
    if (entry === undefined) throw new Error("it is there");
    const descriptor = (await root.open(entry)) ?? -1;
    expect(readFileSync(descriptor, "utf8")).to.equal("good");
    closeSync(descriptor);

    // Moved, not removed: its number could be given to the next file.
    renameSync(path, `${path}.before`);
    writeFileSync(path, "another");
    expect(await root.open(entry)).to.equal(undefined);
    rmSync(path);
    symlinkSync("../secret.txt", path);
    expect(await root.open(entry)).to.equal(undefined);
    rmSync(path);
    execFileSync("mkfifo", [path]);
    expect(await root.open(entry)).to.equal(undefined);
    rmSync(path);
    mkdirSync(path);
    expect(await root.open(entry)).to.equal(undefined);
    rmSync(path, { recursive: true });
    expect(await root.open(entry)).to.equal(undefined);
  });

  it("is a folder that exists", () => {
    expect(() => new StaticRoot(join(folder.path, "nowhere"), undefined)).to.throw(/ENOENT/);
  });
});
