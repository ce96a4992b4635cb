import { expect } from "chai";
import { defaultRedacted, redactedTarget, setRedacted } from "#src/redaction.js";

describe("redactedTarget", () => {
  afterEach(() => setRedacted(defaultRedacted));

  it("takes out the values of credentials, whatever their case and place", () => {
    expect(redactedTarget("/a?token=1&b=2&PassWord=3#token=4")).to.equal(
      "/a?token=[redacted]&b=2&PassWord=[redacted]#token=4",
    );
  });

  it("leaves names alone that only contain one, and paths", () => {
    expect(redactedTarget("/token=1?tokens=2&atoken=3")).to.equal("/token=1?tokens=2&atoken=3");
    expect(redactedTarget("/token=1")).to.equal("/token=1");
  });

  it("takes the names that it was given, of whatever characters", () => {
    setRedacted(["a.b", "c[]"]);
    expect(redactedTarget("/?a.b=1&axb=2&c[]=3&token=4")).to.equal("/?a.b=[redacted]&axb=2&c[]=[redacted]&token=4");
  });

  it("takes out nothing when there are no names", () => {
    setRedacted([]);
    expect(redactedTarget("/?token=1")).to.equal("/?token=1");
  });
});
