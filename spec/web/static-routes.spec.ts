import { expect } from "chai";
import { Application, type ApplicationDefinition, ConfigurationError, RequestHandler, Route, route } from "waterspout";
import { temporaryFolder } from "../support/folder.js";
import { serve } from "../support/serve.js";

@Route("/favicon.ico")
class Icon extends RequestHandler {
  get(): string {
    return "own icon";
  }
}

describe("staticPath", () => {
  it("is served below /static/, and two of its files at the root", async () => {
    using folder = temporaryFolder({ "a.txt": "a", "favicon.ico": "icon", "robots.txt": "robots" });
    await using app = await serve([], { staticPath: folder.path });
    for (const [path, text] of [
      ["/static/a.txt", "a"],
      ["/favicon.ico", "icon"],
      ["/robots.txt", "robots"],
    ] as const) {
      expect(await app.text(path), path).to.equal(text);
    }
  });

  it("leaves paths to the handlers that have them", async () => {
    using folder = temporaryFolder({ "favicon.ico": "icon" });
    await using app = await serve([Icon, route("/*", Icon)], {
      staticPath: folder.path,
      staticUrlPrefix: "/assets/v1/",
    });
    expect(await app.text("/favicon.ico")).to.equal("own icon");
    expect(await app.text("/assets/v1/favicon.ico")).to.equal("icon");
  });

  for (const [what, definition, message] of [
    [
      "a prefix without a slash at its end",
      { staticPath: "/tmp", staticUrlPrefix: "/static" },
      /begins and ends with a slash/,
    ],
    ["a prefix that is the root", { staticPath: "/tmp", staticUrlPrefix: "/" }, /got "\/"/],
    ["a prefix with a parameter", { staticPath: "/tmp", staticUrlPrefix: "/:a/" }, /got "\/:a\/"/],
    ["a prefix without a path", { staticUrlPrefix: "/assets/" }, /set that as well/],
  ] as const) {
    it(`refuses ${what}`, () => {
      const construct = () => new Application({ handlers: [], ...(definition as Partial<ApplicationDefinition>) });
      expect(construct).to.throw(ConfigurationError, message);
    });
  }

  it("must be a folder", async () => {
    const failure = await serve([], { staticPath: "/no/such/folder" }).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(ConfigurationError).with.property("message").that.includes("/no/such/folder");
  });
});
