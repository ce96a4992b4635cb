import { createHash } from "node:crypto";
import { statSync, truncateSync, utimesSync } from "node:fs";
import { expect } from "chai";
import { FileVersions, stampOf } from "#src/http/file-versions.js";
import type { StaticEntry } from "#src/http/static-root.js";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.js";

const entry = (path: string): StaticEntry => ({ kind: "file", path, stats: statSync(path) });
const sha512 = (content: string): string => createHash("sha512").update(content).digest("hex");

describe("FileVersions", () => {
  let folder: TemporaryFolder;
  let versions: FileVersions;

  beforeEach(() => {
    folder = temporaryFolder();
    versions = new FileVersions();
  });
  afterEach(() => folder[Symbol.dispose]());

  it("are the SHA-512 of the content, as Tornado's are", async () => {
    const file = entry(folder.write("a", "abc"));
    expect(versions.now(file)).to.equal(sha512("abc"));
    expect(await versions.of(file)).to.equal(sha512("abc"));
    expect(await new FileVersions().of(file)).to.equal(sha512("abc"));
  });

  it("are worked out again when the file has changed, and not before", async () => {
    const path = folder.write("a", "abc");
    const time = new Date(1_000_000_000_000);
    utimesSync(path, time, time);
    expect(versions.now(entry(path))).to.equal(sha512("abc"));
    folder.write("a", "xyz");
    utimesSync(path, time, time);
    expect(versions.now(entry(path)), "same time, same size").to.equal(sha512("abc"));
    utimesSync(path, time, new Date(1_000_000_000_001));
    expect(versions.now(entry(path))).to.equal(sha512("xyz"));
    expect(await versions.of(entry(path))).to.equal(sha512("xyz"));
  });

  it("of a larger file come a moment later for who cannot wait", async () => {
    const content = "x".repeat(2_000_000);
    const file = entry(folder.write("a", content));
    expect(versions.now(file)).to.equal(undefined);
    expect(versions.now(file)).to.equal(undefined);
    expect(await versions.of(file)).to.equal(sha512(content));
    expect(versions.now(file)).to.equal(sha512(content));
  });

  it("do not exist for files that would take long", async () => {
    const path = folder.write("a", "");
    truncateSync(path, 65 * 1024 * 1024);
    expect([versions.now(entry(path)), await versions.of(entry(path))]).to.deep.equal([undefined, undefined]);
  });

  it("of a file that is gone is an error, and is tried again", async () => {
    const path = folder.write("a", "x".repeat(2_000_000));
    const file = entry(path);
    folder[Symbol.dispose]();
    expect(await versions.of(file).catch((error: unknown) => error)).to.have.property("code", "ENOENT");
    folder = temporaryFolder();
    expect(await versions.of(file).catch((error: unknown) => error)).to.have.property("code", "ENOENT");
  });
});

describe("stampOf", () => {
  it("tells two states of a file apart", () => {
    using folder = temporaryFolder({ a: "abc" });
    const path = `${folder.path}/a`;
    const stamp = (): string => stampOf(statSync(path));
    const stamps = [new Date(1_000_000_000_000), new Date(1_000_000_000_001)].map((time) => {
      utimesSync(path, time, time);
      return stamp();
    });
    folder.write("a", "abcd");
    utimesSync(path, new Date(1_000_000_000_001), new Date(1_000_000_000_001));
    stamps.push(stamp());
    expect(new Set(stamps).size).to.equal(3);
    for (const text of stamps) expect(text).to.match(/^[\w-]+$/);
  });
});
