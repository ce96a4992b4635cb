import type { IncomingMessage } from "node:http";
import { expect } from "chai";
import { FallbackHandler, route } from "waterspout";
import { HTTPServerRequest } from "#src/http/request.js";
import { isPreflight } from "#src/web/preflight.js";
import { serve } from "../support/serve.js";

const request = (method: string, headers: Record<string, string>): HTTPServerRequest =>
  new HTTPServerRequest({ method, headers } as unknown as IncomingMessage, { path: "/", query: "" });

const asked = { origin: "https://a.example", "access-control-request-method": "PUT" };

describe("isPreflight", () => {
  it("knows the method and the two fields", () => {
    expect(isPreflight(request("OPTIONS", asked))).to.equal(true);
    expect(isPreflight(request("GET", asked))).to.equal(false);
    expect(isPreflight(request("OPTIONS", { origin: asked.origin }))).to.equal(false);
    expect(isPreflight(request("OPTIONS", { "access-control-request-method": "PUT" }))).to.equal(false);
  });
});

describe("answerPreflight", () => {
  it("allows every method where a handler takes every method", async () => {
    const fallback = (_: unknown, response: { end(text: string): unknown }): unknown => response.end("theirs");
    await using app = await serve([route("/*", FallbackHandler, { fallback })], { cors: { origins: [asked.origin] } });
    const answer = await app.fetch("/x", { method: "OPTIONS", headers: asked });
    expect(answer.headers.get("Access-Control-Allow-Methods")).to.equal("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    const theirs = await app.fetch("/x", { headers: { Origin: asked.origin } });
    expect([await theirs.text(), theirs.headers.get("Access-Control-Allow-Origin")]).to.deep.equal([
      "theirs",
      asked.origin,
    ]);
  });
});
