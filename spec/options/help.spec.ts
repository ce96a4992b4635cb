import { usage } from "#src/options/help.js";
import { Option } from "#src/options/option.js";
import { expect } from "chai";

describe("usage", () => {
  it("lists options by group, with what they accept", () => {
    const text = usage("app.js", [
      new Option("port", { default: 8888, min: 1, max: 65_535, help: "where to listen", env: "PORT" }),
      new Option("log-file", { group: "Logging", metavar: "PATH" }),
      new Option("debug", { default: false, help: "reload on change" }),
      new Option("level", { group: "Logging", default: "info", choices: ["info", "warn"] }),
      new Option("a-name-that-is-long-itself", { type: "duration", multiple: true, default: [1_000, 60_000] }),
    ]);
    expect(text).to.equal(
      [
        "Usage: app.js [options] [arguments]",
        "",
        "Options:",
        "  --help                          show this help",
        "  --port=INTEGER                  where to listen (at least 1; at most 65535; default 8888; environment PORT)",
        "  --[no-]debug                    reload on change (default false)",
        "  --a-name-that-is-long-itself=DURATION,…",
        "                                  (default 1s,1m)",
        "",
        "Logging:",
        "  --log-file=PATH",
        "  --level=TEXT                    (one of info, warn; default info)",
        "",
      ].join("\n"),
    );
  });
});
