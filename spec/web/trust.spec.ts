import { expect } from "chai";
import { Application, ConfigurationError } from "waterspout";
import { Trust } from "#src/web/trust.js";

describe("Trust", () => {
  it("is made from nothing", () => {
    expect(() => new Trust({})).not.to.throw();
  });

  it("says what signed cookies need", () => {
    expect(() => new Trust({}).signer).to.throw(ConfigurationError, /signed cookies need `cookieSecret`/);
    expect(new Trust({ cookieSecret: "secret" }).signer.sign("a", "1")).to.match(/^2\|/);
  });

  it("refuses the version of a key where there is none", () => {
    expect(() => new Trust({ keyVersion: 1 })).to.throw(ConfigurationError, /keyVersion needs cookieSecret/);
  });

  it("is checked when the application is constructed", () => {
    const make = (): Application => new Application({ handlers: [], cookieSecret: "" });
    expect(make).to.throw(ConfigurationError, /cookieSecret must be/);
  });
});
