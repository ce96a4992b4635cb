import { expect } from "chai";
import { CancelledError, ConfigurationError, HTTPError, RequestHandler, route } from "waterspout";
import { expectLog, logged } from "../support/log.js";
import { serve } from "../support/serve.js";

const errors: Readonly<Record<string, unknown>> = {
  silent: new HTTPError(404),
  refused: new HTTPError(403, "not yours"),
  mine: new HTTPError(500, "on purpose"),
  ours: new ConfigurationError("badly written"),
  cancelled: new CancelledError(),
};

class Failing extends RequestHandler {
  get(name: string): void {
    throw errors[name];
  }
}

describe("logFailure", () => {
  for (const [name, ...lines] of [
    ["silent", /W .* access\] 404 GET/],
    ["refused", /W .* access\] 403 GET \/refused \(127\.0\.0\.1\) [\d.]+ms: not yours$/],
    ["mine", /E .* application\] HTTP 500: on purpose: GET \/mine \(127\.0\.0\.1\)\n +HTTPError/, /E .* access\] 500/],
    ["ours", /E .* application\] badly written: GET \/ours .*\n +ConfigurationError.*\n +at /, /E .* access\] 500/],
    ["cancelled", /E .* access\] 503 GET \/cancelled .*: the task was cancelled/],
  ] as const) {
    it(`says what is worth saying of an error that is ${name}`, async () => {
      expectLog(...lines);
      await using app = await serve([route("/:name", Failing)]);
      await app.text(`/${name}`);
      expect(logged()).to.have.length(lines.length);
    });
  }
});

describe("logRefusal", () => {
  it("says why a request was refused where there is no access log, and nothing of others", async () => {
    expectLog(/W .* general\] 403 GET \/refused \(127\.0\.0\.1\): not yours$/);
    await using app = await serve([route("/:name", Failing)], { accessLog: false });
    await app.text("/refused");
    await app.text("/silent");
    expect(logged()).to.have.length(1);
  });
});

describe("logAccess", () => {
  class Status extends RequestHandler {
    get(status: string): void {
      this.setStatus(Number(status));
    }
  }

  it("takes the level from the status", async () => {
    expectLog(/\[W .* 400 GET \/400/, /\[W .* 499 GET/, /\[E .* 500 GET/, /\[E .* 599 GET/);
    await using app = await serve([route("/:status", Status)]);
    for (const status of [200, 399, 400, 499, 500, 599]) await app.text(`/${status}`);
    expect(logged("access")).to.have.length(6);
  });

  it("shows the target as it was sent, so that a client cannot forge a line", async () => {
    await using app = await serve([route("/:status", Status)]);
    await app.text("/200?a=%0A%5BE%20");
    expect(logged("access")[0]).to.match(/^200 GET \/200\?a=%0A%5BE%20 \(127\.0\.0\.1\) \d+\.\d\dms$/);
  });
});
