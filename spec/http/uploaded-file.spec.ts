import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect } from "chai";
import { RequestNotAvailableError } from "#src/errors.js";
import { FileSpool, type UploadedFile, discardUpload } from "#src/http/uploaded-file.js";
import { skip } from "../support/skip.js";

const head = { name: "photo", filename: "a.png", type: "image/png" };

/** What a spool of ten bytes makes of these pieces. */
async function spooled(...pieces: string[]): Promise<UploadedFile> {
  const spool = new FileSpool(10);
  for (const piece of pieces) await spool.write(Buffer.from(piece));
  return spool.end(head);
}

describe("FileSpool", () => {
  it("keeps what is small in memory, the limit included", async () => {
    const file = await spooled("0123", "456789");
    expect(file).to.include({ name: "photo", filename: "a.png", type: "image/png", size: 10, path: undefined });
    expect(file.body?.toString()).to.equal("0123456789");
  });

  it("writes what is larger to a file of mode 0600, from the first byte on", async () => {
    const file = await spooled("0123", "456789", "a", "b");
    expect(file).to.include({ size: 12, body: undefined });
    expect(readFileSync(file.path ?? "", "latin1")).to.equal("0123456789ab");
    expect(statSync(file.path ?? "").mode & 0o777).to.equal(0o600);
    await discardUpload(file);
  });

  it("says when the disk is at work", async () => {
    const spool = new FileSpool(1);
    expect(spool.write(Buffer.from("a"))).to.equal(undefined);
    const work = spool.write(Buffer.from("b"));
    expect(work).to.be.instanceOf(Promise);
    await work;
    await spool.discard();
  });

  it("leaves nothing when it is discarded, even while it writes", async () => {
    const { path: other = "" } = await spooled("01234567890");
    const files = readdirSync(dirname(other));
    const spool = new FileSpool(0);
    void spool.write(Buffer.alloc(1_000_000));
    await spool.discard();
    await spool.discard();
    expect(readdirSync(dirname(other))).to.deep.equal(files);
    await rm(other);
  });

  it("has the defaults of what the client did not say", async () => {
    const spool = new FileSpool(10);
    const file = await spool.end({ name: "a", filename: undefined, type: undefined });
    expect(file).to.include({ filename: "", type: "application/octet-stream", size: 0 });
  });
});

describe("UploadedFile", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "spec-"));
  });

  afterEach(() => rm(folder, { recursive: true }));

  for (const [where, content] of [
    ["in memory", "small"],
    ["on disk", "larger than that"],
  ] as const) {
    describe(where, () => {
      let file: UploadedFile;

      beforeEach(async () => {
        file = await spooled(content);
      });

      afterEach(() => discardUpload(file));

      it("gives its bytes, more than once", async () => {
        expect((await file.buffer()).toString()).to.equal(content);
        expect((await buffer(file.stream())).toString()).to.equal(content);
        expect((await buffer(file.stream())).toString()).to.equal(content);
      });

      it("becomes a file that stays, in the place of another", async () => {
        const target = join(folder, "kept");
        await writeFile(target, "old");
        const before = file.path;
        await file.moveTo(target);
        await discardUpload(file);
        expect(readdirSync(folder)).to.deep.equal(["kept"]);
        expect(readFileSync(target, "utf8")).to.equal(content);
        expect(statSync(target).mode & 0o777).to.equal(0o600);
        expect(before === undefined || !existsSync(before)).to.equal(true);
      });

      it("can be read and moved again where it was moved to", async () => {
        await file.moveTo(join(folder, "a"));
        await file.moveTo(join(folder, "b"));
        expect(file).to.include({ body: undefined, path: join(folder, "b") });
        expect((await file.buffer()).toString()).to.equal(content);
        expect(readdirSync(folder)).to.deep.equal(["b"]);
      });

      it("leaves nothing half done when it cannot be moved, and is still there", async () => {
        const failure = await file.moveTo(join(folder, "missing", "a")).catch((error: unknown) => error);
        expect(failure).to.be.instanceOf(Error).with.property("code", "ENOENT");
        expect(readdirSync(folder)).to.deep.equal([]);
        expect((await file.buffer()).toString()).to.equal(content);
      });

      it("is gone when it is discarded, and says so", async () => {
        const { path } = file;
        await discardUpload(file);
        await discardUpload(file);
        expect(path === undefined || !existsSync(path)).to.equal(true);
        for (const use of [() => file.path, () => file.body, () => file.stream()]) {
          expect(use).to.throw(RequestNotAvailableError, "use moveTo() to keep one");
        }
        const failures = await Promise.all(
          [file.buffer(), file.moveTo(join(folder, "late"))].map((use) => use.catch((error: unknown) => error)),
        );
        for (const failure of failures) expect(failure).to.be.instanceOf(RequestNotAvailableError);
      });
    });
  }

  it("is copied where it cannot be renamed: to another file system", async function () {
    const other = "/dev/shm";
    if (!existsSync(other) || statSync(other).dev === statSync(tmpdir()).dev) {
      skip(this, `${other} is no other file system than ${tmpdir()}`);
    }
    const file = await spooled("larger than that");
    const { path = "" } = file;
    const elsewhere = await mkdtemp(join(other, "spec-"));
    try {
      await file.moveTo(join(elsewhere, "a"));
      expect(readFileSync(join(elsewhere, "a"), "utf8")).to.equal("larger than that");
      expect(readdirSync(elsewhere)).to.deep.equal(["a"]);
      expect(existsSync(path)).to.equal(false);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });
});
