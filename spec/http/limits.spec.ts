import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import { defaultHTTPSettings, httpSettings } from "#src/http/limits.js";

describe("httpSettings", () => {
  it("gives the documented defaults, frozen", () => {
    expect(httpSettings()).to.deep.equal(defaultHTTPSettings);
    expect(Object.isFrozen(httpSettings())).to.equal(true);
    expect(httpSettings()).to.include({ bodyLimit: 1_048_576, keepAliveTimeout: 65_000, headerCount: 100 });
  });

  it("takes what is given and leaves out what is undefined", () => {
    expect(httpSettings({ bodyLimit: 5, jsonDepth: undefined })).to.deep.equal({
      ...defaultHTTPSettings,
      bodyLimit: 5,
    });
  });

  it("does not change the defaults", () => {
    httpSettings({ bodyLimit: 5 });
    expect(defaultHTTPSettings.bodyLimit).to.equal(1_048_576);
  });

  it("refuses an unknown name and lists the known ones", () => {
    const typo = { bodylimit: 5 } as object;
    expect(() => httpSettings(typo)).to.throw(ConfigurationError, /there is no "bodylimit".*bodyLimit/);
    expect(() => httpSettings(JSON.parse('{"__proto__": 1}') as object)).to.throw(ConfigurationError, /__proto__/);
  });

  for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
    it(`refuses ${value}`, () => {
      expect(() => httpSettings({ bodyLimit: value })).to.throw(ConfigurationError, `got ${value}`);
    });
  }

  it("refuses a value of another type", () => {
    const text = { bodyLimit: "1MB" } as unknown as { bodyLimit: number };
    expect(() => httpSettings(text)).to.throw(ConfigurationError, "bodyLimit must be an integer from 0");
  });

  it("refuses 0 where it has no meaning", () => {
    expect(() => httpSettings({ requestLineLimit: 0 })).to.throw(ConfigurationError, "from 1");
    expect(httpSettings({ sendTimeout: 0, requestTimeout: 0, headersTimeout: 0 }).sendTimeout).to.equal(0);
  });

  it("refuses settings that contradict each other", () => {
    expect(() => httpSettings({ requestTimeout: 5_000 })).to.throw(ConfigurationError, "headersTimeout (10000)");
    expect(() => httpSettings({ gracePeriod: 1_000 })).to.throw(ConfigurationError, "drainLinger (2000)");
    expect(() => httpSettings({ sendTimeout: 500 })).to.throw(ConfigurationError, "connectionsCheckingInterval (1000)");
  });
});
