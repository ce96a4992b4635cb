import { expect } from "chai";
import { ConfigurationError, ErrorHandler, route } from "waterspout";
import { get, serve } from "../support/serve.js";

describe("ErrorHandler", () => {
  it("answers every method with its status, whatever the body", async () => {
    await using app = await serve([route("/gone/*", ErrorHandler, { status: 410 })], { accessLog: false });
    for (const method of ["GET", "POST", "OPTIONS", "DELETE"]) {
      const answer = await app.fetch("/gone/a", { method });
      expect([answer.status, await answer.json()]).to.deep.equal([410, { title: "Gone", status: 410 }]);
    }
    expect(await app.connect().send(get("/gone/a").replace("GET", "PROPFIND")).end()).to.match(/^HTTP\/1\.1 410 Gone/);
    const big = await app.fetch("/gone/a", { method: "POST", body: "x".repeat(3_000_000) });
    expect(big.status).to.equal(410);
  });

  for (const status of [200, 302, 600, 404.5, undefined]) {
    it(`fails the start for the status ${status}`, async () => {
      const failure = await serve([route("/a", ErrorHandler, { status: status as number })]).catch(
        (error: unknown) => error,
      );
      expect(failure)
        .to.be.instanceOf(ConfigurationError)
        .with.property("message")
        .that.matches(/status is an integer/);
    });
  }
});
