import { expect } from "chai";
import { Authenticated, ConfigurationError, RequestHandler, RequestNotAvailableError, route } from "waterspout";
import { expectLog } from "../support/log.js";
import { exchange } from "../support/raw-client.js";
import { get, serve } from "../support/serve.js";

interface User {
  readonly name: string;
}

/** Knows its user by a cookie. */
abstract class Base extends RequestHandler<User> {
  override getCurrentUser(): User | undefined {
    const name = this.getCookie("user");
    return name === undefined ? undefined : { name };
  }
}

class Account extends Base {
  @Authenticated() get(): string {
    return `hello ${this.currentUser?.name}`;
  }
  @Authenticated() post(): string {
    return `changed by ${this.currentUser?.name}`;
  }
  put(): string {
    return `open to ${this.currentUser?.name ?? "all"}`;
  }
}

const known = { Cookie: "user=zoe" };
const loginUrl = "/login";
const locationOf = (answer: Response): string | null => answer.headers.get("Location");

describe("RequestHandler#currentUser", () => {
  it("is what getCurrentUser gives, asked once", async () => {
    let asked = 0;
    class Counting extends Base {
      override getCurrentUser(): User | undefined {
        asked += 1;
        return super.getCurrentUser();
      }
      get(): object {
        return [this.currentUser, this.currentUser, asked];
      }
    }
    await using app = await serve([route("/", Counting)]);
    expect(await app.text("/", { headers: known })).to.equal('[{"name":"zoe"},{"name":"zoe"},1]');
    expect(await app.text("/")).to.equal("[null,null,2]");
  });

  it("is undefined by default, and for null", async () => {
    class Nobody extends RequestHandler {
      get(): object {
        return { user: this.currentUser === undefined };
      }
    }
    class Nothing extends Nobody {
      override getCurrentUser(): null {
        return null;
      }
    }
    await using app = await serve([route("/nobody", Nobody), route("/nothing", Nothing)]);
    expect(await app.text("/nobody")).to.equal('{"user":true}');
    expect(await app.text("/nothing")).to.equal('{"user":true}');
  });

  it("may be assigned in prepare, which may be async", async () => {
    class Waiting extends Account {
      override async prepare(): Promise<void> {
        await Promise.resolve();
        this.currentUser = this.getCookie("user") === undefined ? null : { name: "from afar" };
      }
      override getCurrentUser(): never {
        throw new Error("not asked");
      }
    }
    await using app = await serve([route("/", Waiting)]);
    expect(await app.text("/", { headers: known })).to.equal("hello from afar");
    expectLog(/403 GET/);
    expect((await app.fetch("/")).status).to.equal(403);
  });

  it("is never a promise: that would pass for a user", async () => {
    class Promising extends RequestHandler {
      override getCurrentUser(): unknown {
        return Promise.resolve(undefined);
      }
      @Authenticated() get(): string {
        return "secret";
      }
    }
    expectLog(/Promising\.getCurrentUser\(\) gave a promise: await in prepare\(\)/, /500 GET/);
    await using app = await serve([route("/", Promising)]);
    const answer = await app.fetch("/");
    expect([answer.status, await answer.text()]).to.deep.equal([
      500,
      '{"title":"Internal Server Error","status":500,"code":"CONFIGURATION"}',
    ]);
  });

  it("must not be found by an async method", async () => {
    class Late extends RequestHandler {
      override async getCurrentUser(): Promise<undefined> {}
      get(): void {}
    }
    const error = await serve([route("/", Late)]).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error)
      .to.be.instanceOf(ConfigurationError)
      .with.property("message")
      .that.includes("Late.getCurrentUser() must not be async");
  });

  it("is not there without a request", () => {
    const handler = new Account();
    expect(() => handler.currentUser).to.throw(RequestNotAvailableError, "`currentUser`");
    expect(() => (handler.currentUser = { name: "x" })).to.throw(RequestNotAvailableError, "`currentUser`");
    expect(() => handler.getLoginUrl()).to.throw(RequestNotAvailableError, "`getLoginUrl`");
    expect(() => handler.xsrfToken).to.throw(RequestNotAvailableError, "`xsrfToken`");
  });
});

describe("@Authenticated", () => {
  it("lets in who is known", async () => {
    await using app = await serve([route("/", Account)], { loginUrl });
    expect(await app.text("/", { headers: known })).to.equal("hello zoe");
    expect(await app.text("/", { method: "POST", headers: known })).to.equal("changed by zoe");
  });

  it("guards only what it stands at", async () => {
    await using app = await serve([route("/", Account)], { loginUrl });
    expect(await app.text("/", { method: "PUT" })).to.equal("open to all");
  });

  it("sends others to the log-in page, and tells it where to come back to", async () => {
    await using app = await serve([route("/account/*", Account)], { loginUrl });
    const answer = await app.fetch("/account/a%20b?x=1&y=%C3%A9", { redirect: "manual" });
    expect([answer.status, await answer.text()]).to.deep.equal([302, ""]);
    expect(locationOf(answer)).to.equal("/login?next=%2Faccount%2Fa%2520b%3Fx%3D1%26y%3D%25C3%25A9");
    expect(new URLSearchParams(locationOf(answer)?.split("?")[1]).get("next")).to.equal("/account/a%20b?x=1&y=%C3%A9");
    expect(answer.headers.get("Vary")).to.equal("Accept");
    expect((await app.fetch("/account/", { method: "HEAD", redirect: "manual" })).status).to.equal(302);
  });

  it("asks an absolute log-in page to come back to an absolute URL", async () => {
    await using app = await serve([route("/", Account)], { loginUrl: "https://sso.example/login" });
    const location = locationOf(await app.fetch("/?a=1", { redirect: "manual" })) ?? "";
    expect(new URL(location).searchParams.get("next")).to.equal(`http://127.0.0.1:${app.port}/?a=1`);
  });

  it("adds nothing to a log-in page with a query of its own", async () => {
    await using app = await serve([route("/", Account)], { loginUrl: "/login?from=here" });
    expect(locationOf(await app.fetch("/", { redirect: "manual" }))).to.equal("/login?from=here");
  });

  it("never comes back to another host", async () => {
    await using app = await serve([route("/*", Account)], { loginUrl });
    const rows = [
      ["//evil.example/x", "/evil.example/x"],
      ["///evil.example", "/evil.example"],
      ["http://evil.example//evil.net/x?y", "/evil.net/x?y"],
    ] as const;
    for (const [target, next] of rows) {
      const { status, headers } = await exchange(app.port, get(target));
      const query = new URLSearchParams(headers["location"]?.split("?")[1]);
      expect([status, query.get("next")], target).to.deep.equal([302, next]);
    }
  });

  it("takes the log-in page from the handler", async () => {
    class Elsewhere extends Account {
      override getLoginUrl(): string {
        return `/${this.request.hostName}/login`;
      }
    }
    await using app = await serve([route("/", Elsewhere)], { loginUrl });
    expect(locationOf(await app.fetch("/", { redirect: "manual" }))).to.equal("/127.0.0.1/login?next=%2F");
  });

  it("answers 403 to those who want to change something", async () => {
    await using app = await serve([route("/", Account)], { loginUrl });
    expectLog(/403 POST/);
    const answer = await app.fetch("/", { method: "POST", redirect: "manual" });
    expect([answer.status, locationOf(answer)]).to.deep.equal([403, null]);
  });

  it("answers 403 to programs, and to all where there is no log-in page", async () => {
    await using app = await serve([route("/", Account)], { loginUrl });
    expectLog(/403 GET/, /403 GET/);
    const json = await app.fetch("/", { redirect: "manual", headers: { Accept: "application/json" } });
    expect([json.status, await json.text()]).to.deep.equal([403, '{"title":"Forbidden","status":403}']);
    await using without = await serve([route("/", Account)]);
    expect((await without.fetch("/", { redirect: "manual" })).status).to.equal(403);
  });

  it("guards a whole class, HEAD and generators as well", async () => {
    @Authenticated
    class Guarded extends Base {
      *get(): Generator<string> {
        yield "a";
        yield "b";
      }
      delete(): string {
        return "deleted";
      }
    }
    await using app = await serve([route("/", Guarded)], { loginUrl });
    expect(await app.text("/", { headers: known })).to.equal("ab");
    expectLog(/403 DELETE/);
    expect((await app.fetch("/", { method: "DELETE" })).status).to.equal(403);
    expect((await app.fetch("/", { method: "HEAD", redirect: "manual" })).status).to.equal(302);
    expect((await app.fetch("/", { method: "OPTIONS" })).status).to.equal(204);
  });

  it("gives the verb its path arguments", async () => {
    class Item extends Base {
      @Authenticated() get(id: string): string {
        return `${this.constructor.name} ${id}`;
      }
    }
    await using app = await serve([route("/items/:id", Item)]);
    expect(await app.text("/items/7", { headers: known })).to.equal("Item 7");
  });
});
