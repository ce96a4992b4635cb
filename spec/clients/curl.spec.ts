import { spawn, spawnSync } from "node:child_process";
import { buffer } from "node:stream/consumers";
import { expect } from "chai";
import { temporaryFolder } from "../support/folder.js";
import { expectLog } from "../support/log.js";
import { skip } from "../support/skip.js";
import { bytes, digest, longText, serveClients } from "./application.js";

interface Output {
  readonly code: number | null;
  readonly stdout: Buffer;
  /** With `--verbose`: what it sent (`>`), got (`<`) and did (`*`). */
  readonly stderr: string;
}

/** Runs it with these arguments and this input. */
async function curl(args: readonly string[], input?: Uint8Array): Promise<Output> {
  const child = spawn("curl", ["--silent", "--verbose", "--max-time", "10", ...args]);
  child.stdin.end(input);
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  return { code: await exited, stdout, stderr: stderr.toString("latin1").replaceAll("\r", "") };
}

describe("curl", () => {
  before(function () {
    if (spawnSync("curl", ["--version"]).status === 0) return;
    skip(this, "it is not installed (apt-get install curl)");
  });

  it("asks several times on one connection", async () => {
    await using app = await serveClients();
    const { code, stdout, stderr } = await curl([`${app.url}/seen`, `${app.url}/seen`, "--head", `${app.url}/seen`]);
    expect(code).to.equal(0);
    expect(stderr.match(/^\* Connected to/gm)).to.have.lengthOf(1);
    expect(stderr.match(/^\* Re-using existing connection|^\* Connection #0 .* left intact/gm)).to.have.length.above(2);
    expect(stderr).not.to.match(/^\* (Closing|Excess|transfer closed)/im);
    expect(stdout.toString()).to.match(/^HTTP\/1.1 200 OK/);
  });

  it("gets the header fields alone by HEAD", async () => {
    await using app = await serveClients();
    const head = await curl(["--head", `${app.url}/text`]);
    const get = await curl(["--include", "--output", "-", `${app.url}/text`]);
    expect(head.code).to.equal(0);
    const fieldsOf = ({ stdout }: Output): string[] =>
      (stdout.toString().split("\r\n\r\n")[0] ?? "").split("\r\n").filter((line) => !line.startsWith("Date:"));
    expect(fieldsOf(head)).to.deep.equal(fieldsOf(get));
  });

  it("gets a part of a file, and goes on where a download was cut off", async () => {
    await using app = await serveClients();
    using folder = temporaryFolder({ half: bytes.subarray(0, 40_000) });
    const file = `${app.url}/files/bytes.bin`;
    const { stdout } = await curl(["--range", "10-19", file]);
    expect(stdout).to.deep.equal(bytes.subarray(10, 20));
    const resumed = await curl(["--continue-at", "-", "--output", `${folder.path}/half`, file]);
    expect([resumed.code, resumed.stderr.includes("< Content-Range: bytes 40000-99999/100000")]).to.deep.equal([
      0,
      true,
    ]);
    const whole = await curl([`file://${folder.path}/half`]);
    expect(digest(whole.stdout)).to.equal(digest(bytes));
    expectLog(/416 GET \/files\/bytes.bin/);
    expect((await curl(["--fail", "--range", "100000-", file])).code).to.equal(22);
  });

  it("unpacks what is compressed for it", async () => {
    await using app = await serveClients();
    const { code, stdout, stderr } = await curl(["--compressed", `${app.url}/text`]);
    expect([code, stdout.toString()]).to.deep.equal([0, longText]);
    expect(stderr).to.match(/^< Content-Encoding: (br|zstd|gzip)$/m);
  });

  it("asks whether a page has changed", async () => {
    await using app = await serveClients();
    using folder = temporaryFolder();
    const ask = ["--etag-save", `${folder.path}/tag`, "--etag-compare", `${folder.path}/tag`, `${app.url}/text`];
    expect((await curl(ask)).stdout.toString()).to.equal(longText);
    const { stdout, stderr } = await curl(ask);
    expect([stdout.length, /^< HTTP\/1.1 304 Not Modified$/m.test(stderr)]).to.deep.equal([0, true]);
  });

  it("uploads what it is given on its standard input, as it comes", async () => {
    await using app = await serveClients();
    const { stdout, stderr } = await curl(["--upload-file", "-", `${app.url}/upload`], bytes);
    expect(JSON.parse(stdout.toString())).to.deep.equal({
      size: bytes.length,
      digest: digest(bytes),
      coding: "chunked",
      expect: "100-continue",
    });
    expect(stderr).to.match(/^< HTTP\/1.1 100 Continue$/m);
  });

  it("does not send a body that nobody wants", async () => {
    await using app = await serveClients();
    expectLog(/413 POST \/small/);
    const args = ["--data-binary", "@-", "--header", "Expect: 100-continue", `${app.url}/small`];
    const { stderr } = await curl(args, bytes);
    expect(stderr).to.match(/^< HTTP\/1.1 413 (Payload|Content) Too Large$/m);
    expect(stderr).not.to.match(/100 Continue|We are completely uploaded/);
    expect((await curl([...args.slice(0, 2), `${app.url}/small`], Buffer.from("few"))).stdout.toString()).to.equal(
      "3 bytes",
    );
  });

  it("sends forms with files", async () => {
    await using app = await serveClients();
    using folder = temporaryFolder({ "a b.txt": "text" });
    const file = `file=@${folder.path}/a b.txt;type=text/x-test`;
    const { stdout } = await curl(["--form", "a=one", "--form", file, "--form", "a=two", `${app.url}/form`]);
    expect(JSON.parse(stdout.toString())).to.deep.equal({
      a: ["one", "two"],
      b: [],
      files: [{ name: "file", filename: "a b.txt", type: "text/x-test", size: 4, digest: digest("text") }],
    });
  });

  it("speaks HTTP/1.0: no chunks, and the connection ends the answer", async () => {
    await using app = await serveClients();
    const { code, stdout, stderr } = await curl(["--http1.0", `${app.url}/pieces`]);
    expect([code, stdout.toString().split("\n").length]).to.deep.equal([0, 21]);
    expect(stderr).not.to.match(/^< Transfer-Encoding/im);
    expect(stderr).to.match(/^< Connection: close$/m);
    const seen = await curl(["--http1.0", `${app.url}/seen`]);
    expect(JSON.parse(seen.stdout.toString())).to.include({ version: "HTTP/1.0" });
  });

  it("keeps cookies, and follows redirects as a browser does", async () => {
    await using app = await serveClients();
    using folder = temporaryFolder();
    const jar = ["--cookie-jar", `${folder.path}/jar`, "--cookie", `${folder.path}/jar`];
    await curl([...jar, `${app.url}/cookies?set=value`]);
    const { stdout } = await curl([...jar, `${app.url}/cookies`]);
    expect(JSON.parse(stdout.toString())).to.deep.equal({ plain: "value", spaces: "a;b", signed: "value signed" });
    expect((await curl(["--location", "--data", "a=1", `${app.url}/posted`])).stdout.toString()).to.equal("arrived");
  });

  it("reads events as they come", async () => {
    await using app = await serveClients();
    const { stdout } = await curl(["--no-buffer", "--header", "Last-Event-ID: 7", `${app.url}/events`]);
    expect(stdout.toString().match(/^id: \d+$/gm)).to.deep.equal(["id: 8", "id: 9", "id: 10"]);
  });
});
