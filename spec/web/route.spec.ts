import { expect } from "chai";
import { handlersOf } from "#src/web/route.js";
import { RequestHandler, group, route } from "waterspout";

class Plain extends RequestHandler {}

class Download extends RequestHandler {
  override initialize(_args: { readonly root: string }): void {}
}

describe("route", () => {
  it("is a line of the table: what the options say, the handler and its arguments", () => {
    const line = route("/files/*", Download, { root: "/srv" }, { name: "files", host: "a.example" });
    expect(line).to.deep.equal({
      pattern: "/files/*",
      handler: Download,
      args: { root: "/srv" },
      name: "files",
      host: "a.example",
    });
  });

  it("has neither arguments nor a name unless it is given them", () => {
    expect(route(/^\/a$/, Plain)).to.deep.equal({ pattern: /^\/a$/, handler: Plain, args: undefined });
  });
});

describe("handlersOf", () => {
  it("gives the classes of all forms, in the order of the table, out of groups in groups too", () => {
    class First extends RequestHandler {}
    class Last extends RequestHandler {}
    const inner = group("/inner", [route("/c", Download, { root: "/" })]);
    const entries = [First, route("/b", Plain), group("/outer", [inner, Plain]), Last];
    expect(handlersOf(entries)).to.deep.equal([First, Plain, Download, Plain, Last]);
  });

  it("is empty for an empty table", () => {
    expect(handlersOf([group("/", [])])).to.deep.equal([]);
  });
});
