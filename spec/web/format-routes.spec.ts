import { expect } from "chai";
import { Application, ErrorHandler, RequestHandler, Route, formatRoutes, group, route } from "waterspout";

@Route("/users/:id", { name: "user" })
class Users extends RequestHandler {
  get(): void {}
  put(): void {}
}

class NotFound extends RequestHandler {}

describe("formatRoutes", () => {
  it("aligns the table in its order, without columns that are empty", () => {
    const application = new Application({ handlers: [Users, route(/\/old(\/.*)?/, ErrorHandler, { status: 410 })] });
    expect(formatRoutes(application).split("\n")).to.deep.equal([
      "METHODS                  PATH            NAME  HANDLER",
      "GET, HEAD, PUT, OPTIONS  /users/:id      user  Users",
      "any                      /\\/old(\\/.*)?/        ErrorHandler",
    ]);
  });

  it("shows hosts, groups and the default handler", () => {
    const handlers = [group("/api", [Users], { host: "api.example.org", namePrefix: "api." })];
    expect(formatRoutes(new Application({ handlers, defaultHandler: NotFound })).split("\n")).to.deep.equal([
      "METHODS                  HOST             PATH            NAME      HANDLER",
      "GET, HEAD, PUT, OPTIONS  api.example.org  /api/users/:id  api.user  Users",
      "any                                       (no route)                NotFound",
    ]);
  });

  it("of no routes is empty", () => {
    expect(formatRoutes(new Application({ handlers: [] }))).to.equal("");
  });
});
