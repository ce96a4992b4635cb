import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import { webSocketSettings } from "#src/web/websocket-options.js";

describe("webSocketSettings", () => {
  it("has defaults, which the definition changes, and the class after it", () => {
    expect(webSocketSettings("it")).to.deep.equal({
      pingInterval: 30_000,
      pingTimeout: 30_000,
      maxMessageSize: 10_485_760,
      maxBuffer: 1_048_576,
      closeTimeout: 5_000,
      compression: undefined,
    });
    const unset: object = { pingInterval: undefined, maxBuffer: 7 };
    const merged = webSocketSettings("it", { pingInterval: 1_000, maxBuffer: 5 }, unset);
    expect(merged).to.deep.include({ pingInterval: 1_000, pingTimeout: 1_000, maxBuffer: 7 });
  });

  it("takes compression as yes, no, or an object", () => {
    expect(webSocketSettings("it", { compression: true }).compression).to.deep.equal({
      level: 6,
      memLevel: 8,
      threshold: 1024,
    });
    expect(webSocketSettings("it", { compression: { level: 1 } }).compression).to.include({ level: 1, memLevel: 8 });
    expect(webSocketSettings("it", { compression: true }, { compression: false }).compression).to.equal(undefined);
  });

  it("may have no pings, whatever their timeout", () => {
    expect(webSocketSettings("it", { pingInterval: 0, pingTimeout: 5 })).to.include({ pingInterval: 0 });
    expect(webSocketSettings("it", { pingInterval: 0 })).to.include({ pingInterval: 0 });
  });

  it("refuses what contradicts a rule, with option, rule and value", () => {
    const wrong: [options: object, message: RegExp][] = [
      [{ pingInterval: -1 }, /^it: pingInterval must be an integer of at least 0 and at most 2147483647, got -1$/],
      [{ pingInterval: 10, pingTimeout: 11 }, /^it: pingTimeout must be .* at most pingInterval \(10\), got 11$/],
      [{ pingTimeout: 0 }, /pingTimeout/],
      [{ maxMessageSize: 2 ** 31 }, /maxMessageSize/],
      [{ maxBuffer: 1.5 }, /maxBuffer/],
      [{ closeTimeout: 0 }, /closeTimeout/],
      [{ compression: "yes" }, /^it: compression must be true, false or an object, got string$/],
      [{ compression: { level: 10 } }, /^it: compression: level/],
      [{ compression: { windowBits: 10 } }, /^it: compression: unknown option "windowBits"/],
      [{ ping: 1 }, /^it: unknown option "ping"; known are pingInterval, /],
    ];
    for (const [options, message] of wrong) {
      expect(() => webSocketSettings("it", options), JSON.stringify(options)).to.throw(ConfigurationError, message);
    }
  });
});
