import { expect } from "chai";
import { ConfigurationError } from "waterspout";
import { logLevel, setLogLevel } from "#src/log.js";
import { useLogging } from "#src/logging.js";
import { defaultRedacted, redactedTarget, setRedacted } from "#src/redaction.js";

describe("useLogging", () => {
  const level = logLevel();
  afterEach(() => {
    setLogLevel(level);
    setRedacted(defaultRedacted);
  });

  it("sets the level and what is redacted", async () => {
    await useLogging({ level: "error", redact: ["pin"] });
    expect(logLevel()).to.equal("error");
    expect(redactedTarget("/?pin=1&token=2")).to.equal("/?pin=[redacted]&token=2");
  });

  it("leaves the level alone that the program has set", async () => {
    setLogLevel("debug");
    await useLogging();
    expect(logLevel()).to.equal("debug");
  });

  for (const [settings, text] of [
    [{ format: "xml" }, "logging.format must be one of lines, json, got 'xml'"],
    [{ level: "verbose" }, "logging.level must be one of debug, info, warn, error, got 'verbose'"],
  ] as const) {
    it(`refuses ${JSON.stringify(settings)}`, async () => {
      const failure = await useLogging(settings as never).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(ConfigurationError);
      expect((failure as Error).message).to.equal(text);
    });
  }
});
