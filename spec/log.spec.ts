import { expect } from "chai";
import {
  type LogRecord,
  type LogSink,
  Logger,
  formatRecord,
  logLevel,
  setDefaultLogSink,
  setLogLevel,
  setLogSink,
} from "#src/log.js";

const log = new Logger("application");

/** What the log gets while `action` runs. */
function recorded(action: () => void): LogRecord[] {
  const records: LogRecord[] = [];
  const before = setLogSink((record) => records.push(record));
  try {
    action();
  } finally {
    setLogSink(before);
  }
  return records;
}

describe("Logger", () => {
  it("works fields out when they are read, once", () => {
    let made = 0;
    const [record] = recorded(() => log.info("x", { fields: () => ({ made: ++made }) }));
    expect(made).to.equal(0);
    expect([record?.fields, record?.fields]).to.deep.equal([{ made: 1 }, { made: 1 }]);
  });

  it("has no error unless one was given, whatever it is", () => {
    const [without, having] = recorded(() => {
      log.error("a");
      log.error("b", { error: undefined });
    });
    expect(["error" in (without as object), "error" in (having as object)]).to.deep.equal([false, true]);
  });

  it("makes no record below the level", () => {
    const level = logLevel();
    setLogLevel("warn");
    const records = recorded(() => {
      log.info("dropped");
      log.warn("kept");
    });
    setLogLevel(level);
    expect(records.map(({ message }) => message)).to.deep.equal(["kept"]);
  });

  it("writes to stderr what a sink that throws did not take, and why", () => {
    const written: string[] = [];
    const { write } = process.stderr;
    process.stderr.write = (text: string) => written.push(text) > 0;
    const before = setLogSink(() => {
      throw new Error("full");
    });
    try {
      log.info("kept");
    } finally {
      setLogSink(before);
      process.stderr.write = write;
    }
    expect(written.join("")).to.match(/kept\n[\s\S]*the log sink failed[\s\S]*full/);
  });
});

describe("setDefaultLogSink", () => {
  it("does not replace a sink that the application has chosen", () => {
    const mine: string[] = [];
    const own: LogSink = ({ message }) => mine.push(message);
    const before = setLogSink(own);
    setDefaultLogSink(() => expect.fail("not chosen"));
    log.info("mine");
    setLogSink(before);
    expect(mine).to.deep.equal(["mine"]);
  });
});

describe("formatRecord", () => {
  const time = new Date(2026, 10, 23, 5, 44, 15);
  const record = { time, stream: "access", level: "info", message: "200 GET /" } as const;

  it("is Tornado's line", () => {
    expect(formatRecord(record)).to.equal("[I 261123 05:44:15 access] 200 GET /");
  });

  it("indents further lines and escapes control characters, so that nobody can forge a line", () => {
    const forged = "a\n[E 261123 05:44:15 general] b\u001b[31m\u0085";
    expect(formatRecord({ ...record, message: forged })).to.equal(
      "[I 261123 05:44:15 access] a\n    [E 261123 05:44:15 general] b\\x1b[31m\\x85",
    );
  });

  it("shows an error with its stack and causes", () => {
    const text = formatRecord({ ...record, error: new Error("outer", { cause: new TypeError("inner") }) });
    expect(text).to.match(/\n {4}Error: outer\n {8}at [\s\S]*cause[\s\S]*TypeError: inner/);
  });
});
