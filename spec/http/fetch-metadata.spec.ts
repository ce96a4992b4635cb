import type { IncomingMessage } from "node:http";
import { expect } from "chai";
import { foreignSite } from "#src/http/fetch-metadata.js";
import { HTTPServerRequest } from "#src/http/request.js";

function request(headers: Readonly<Record<string, string>>, host = "a.example"): HTTPServerRequest {
  const message = { url: "/", headers: { host, ...headers } } as unknown as IncomingMessage;
  return new HTTPServerRequest(message, { path: "/", query: "" });
}

describe("foreignSite", () => {
  const rows: [headers: Record<string, string>, site: string | undefined, host?: string][] = [
    [{}, undefined],
    [{ "sec-fetch-site": "same-origin" }, undefined],
    [{ "sec-fetch-site": "none" }, undefined],
    [{ "sec-fetch-site": "cross-site" }, "cross-site"],
    [{ "sec-fetch-site": "same-site", origin: "https://b.a.example" }, "https://b.a.example"],
    [{ "sec-fetch-site": "cross-site", origin: "https://a.example" }, "https://a.example"],
    [{ "sec-fetch-site": "" }, ""],
    [{ "sec-fetch-site": "Same-Origin" }, "Same-Origin"],
    // Whatever the origin says, the browser knows better.
    [{ "sec-fetch-site": "same-origin", origin: "https://evil.example" }, undefined],
    // Older browsers.
    [{ origin: "https://a.example" }, undefined],
    [{ origin: "http://a.example" }, undefined],
    [{ origin: "https://A.Example" }, undefined],
    [{ origin: "https://a.example:8443" }, undefined],
    [{ origin: "https://a.example:8443" }, undefined, "A.example:8443"],
    [{ origin: "https://a.example" }, "https://a.example", "a.example:8443"],
    [{ origin: "https://a.example:1" }, "https://a.example:1", "a.example:8443"],
    [{ origin: "http://[::1]:80" }, undefined, "[::1]:80"],
    [{ origin: "http://[::1]" }, undefined, "[::1]"],
    [{ origin: "https://evila.example" }, "https://evila.example"],
    [{ origin: "https://a.example.evil.net" }, "https://a.example.evil.net"],
    [{ origin: "https://a.example@evil.net" }, "https://a.example@evil.net"],
    [{ origin: "https://evil.net/a.example" }, "https://evil.net/a.example"],
    [{ origin: "null" }, "null"],
    [{ origin: "" }, ""],
    [{ origin: "a.example" }, "a.example"],
    [{ origin: "file://a.example" }, "file://a.example"],
  ];
  for (const [headers, site, host] of rows) {
    it(`says ${JSON.stringify(site)} of ${JSON.stringify(headers)} at ${host ?? "a.example"}`, () => {
      expect(foreignSite(request(headers, host))).to.equal(site);
    });
  }
});
