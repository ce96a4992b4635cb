import { canonicalName, unknownName } from "#src/options/names.js";
import { expect } from "chai";

describe("canonicalName", () => {
  it("brings the spellings of a name together", () => {
    const spellings = ["log-level", "log_level", "logLevel", "LOG_LEVEL", "LogLevel"];
    expect(new Set(spellings.map(canonicalName))).to.deep.equal(new Set(["log-level"]));
  });

  it("keeps different names apart", () => {
    expect(canonicalName("loglevel")).not.to.equal(canonicalName("log-level"));
  });
});

describe("unknownName", () => {
  const message = (name: string, known: string[]): string => unknownName("unknown", name, known, "--").message;

  it("suggests the nearest name", () => {
    expect(message("prot", ["host", "port", "ports"])).to.equal("unknown; did you mean --port?");
    expect(message("log_levle", ["log-file", "log-level"])).to.equal("unknown; did you mean --log-level?");
    expect(message("x", ["y", "zz"])).to.equal("unknown; did you mean --y?");
  });

  it("suggests nothing when no name is near", () => {
    expect(message("cookie-secret", ["port", "host"])).to.equal("unknown");
    expect(message("port", [])).to.equal("unknown");
  });
});
