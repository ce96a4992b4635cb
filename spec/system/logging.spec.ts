import { expect } from "chai";
import type { LogSettings } from "waterspout";
import { type Program, startProgram } from "../support/program.js";

type Line = Readonly<Record<string, unknown>>;

/** Runs the fixture, asks for some paths, stops it. @returns all it printed. */
async function run(
  logging: LogSettings,
  environment: Record<string, string>,
  paths: readonly string[],
): Promise<string> {
  const file = new URL("./fixtures/logging.js", import.meta.url);
  const program: Program = startProgram(file, [JSON.stringify(logging)], { env: environment });
  try {
    const listening = await program.line(/listening on http:\/\/[\d.]+:\d+/);
    const url = /http:\/\/[\d.]+:\d+/.exec(listening)?.[0] ?? "";
    for (const path of paths) await (await fetch(url + path, { headers: { "X-Request-Id": "r-1" } })).text();
    program.kill("SIGTERM");
    await program.closed;
    return program.output();
  } finally {
    await program.dispose();
  }
}

function linesOf(output: string): Line[] {
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

describe("the log of a program", () => {
  it("is JSON in production, every line of it, also what workers log", async () => {
    const lines = linesOf(await run({}, { NODE_ENV: "production" }, ["/log?token=abc&b=1"]));
    const of = (message: RegExp): Line => lines.find((line) => message.test(String(line["message"]))) ?? {};
    expect(of(/^listening on/)).to.include({ level: "info", stream: "general" });
    expect(of(/not a second line/)).to.include({
      level: "warn",
      stream: "application",
      password: "[redacted]",
      shown: 1,
    });
    const failure = of(/^from a process/)["err"] as Line;
    expect(failure["type"]).to.equal("RangeError");
    expect(failure["stack"]).to.match(/too far[\s\S]*caused by: TypeError: the cause/);
    const access = of(/^200 GET/);
    expect(access).to.include({
      stream: "access",
      level: "info",
      status: 200,
      method: "GET",
      target: "/log?token=[redacted]&b=1",
      remoteIp: "127.0.0.1",
      outcome: "completed",
    });
    expect(access["requestId"]).to.be.a("string");
    expect(access["queueTime"]).to.be.a("number");
    expect(new Date(String(access["time"])).getFullYear()).to.equal(new Date().getFullYear());
  });

  it("is Tornado's lines elsewhere", async () => {
    const output = await run({}, { NODE_ENV: "" }, ["/log?token=abc"]);
    expect(output).to.match(/^\[I \d{6} [\d:]{8} general\] listening on/m);
    expect(output).to.match(/^\[W .* application\] from a thread\n {4}not a second line$/m);
    expect(output).to.match(/^\[E .* application\] from a process\n {4}RangeError: too far/m);
    expect(output).to.match(/^\[I .* access\] 200 GET \/log\?token=\[redacted\] \(127\.0\.0\.1\) \d+\.\d\dms$/m);
  });

  it("is what the application says", async () => {
    const output = await run({ format: "lines", redact: [] }, { NODE_ENV: "production" }, ["/fail?token=abc"]);
    expect(output).to.match(/^\[I .* general\] listening on/m);
    expect(output).to.match(/^\[W .* access\] 403 GET \/fail\?token=abc \(127/m);
    expect(linesOf(await run({ format: "json" }, { NODE_ENV: "" }, ["/fail"]))).to.not.be.empty;
  });
});
