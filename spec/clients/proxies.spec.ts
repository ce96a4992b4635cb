import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { type Outcome, RequestHandler, route } from "waterspout";
import type { StartOptions } from "waterspout/testing";
import { haproxy } from "../support/haproxy.js";
import { expectLog, logged } from "../support/log.js";
import { innerNginx, nginx } from "../support/nginx.js";
import { ReverseProxy, requireProxy } from "../support/reverse-proxy.js";
import { serve } from "../support/serve.js";
import { until } from "../support/until.js";

/** What a request looks like to a handler. */
class Origin extends RequestHandler {
  get(): object {
    const { remoteIp, protocol, host, viaTrustedProxy, socket } = this.request;
    this.setCookie("a", "1");
    return { seen: { remoteIp, protocol, host, viaTrustedProxy }, connection: socket.remotePort };
  }

  post(): unknown {
    this.setHeader("Content-Type", "application/octet-stream");
    return this.request.body;
  }
}

/** What Origin answers. */
interface Shown {
  readonly seen: Readonly<Record<"remoteIp" | "protocol" | "host", string>> & { readonly viaTrustedProxy: boolean };
  readonly connection: number;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Not the address that the proxies connect from, though of the same machine: so they can be trusted, and the client not. */
const clientAddress = "127.0.0.2";

/** A client with one connection that is kept, and one with TLS. */
class Client implements Disposable {
  readonly #plain = new Agent({ keepAlive: true, maxSockets: 1 });
  // The certificate is made for the test, and what is sent is no secret.
  readonly #secure = new SecureAgent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });

  /** A GET, or a POST if there is a body, for the host `shop.example`. */
  ask(url: string, headers: OutgoingHttpHeaders = {}, body?: string): Promise<Answer> {
    const isSecure = url.startsWith("https:");
    const sent = (isSecure ? secureRequest : request)(url, {
      agent: isSecure ? this.#secure : this.#plain,
      method: body === undefined ? "GET" : "POST",
      localAddress: clientAddress,
      headers: { Host: "shop.example", ...headers },
    });
    sent.end(body);
    return new Promise((resolve, reject) => {
      sent.on("error", reject).on("response", (answer) => {
        const { statusCode: status, headers: fields } = answer;
        text(answer).then((read) => resolve({ status, headers: fields, body: read }), reject);
      });
    });
  }

  async show(url: string, headers?: OutgoingHttpHeaders): Promise<Shown> {
    return JSON.parse((await this.ask(url, headers)).body) as Shown;
  }

  [Symbol.dispose](): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }
}

/** All that a client can say to look like a proxy. */
const forged: OutgoingHttpHeaders = {
  "X-Forwarded-For": ["203.0.113.9", "203.0.113.10, 127.0.0.1"],
  "X-Forwarded-Proto": "https",
  "X-Forwarded-Host": "evil.example",
  X_Forwarded_For: "203.0.113.12",
  "X-Real-Ip": "203.0.113.13",
  Forwarded: "for=203.0.113.14;proto=https;host=evil.example",
  // Fields that a proxy would take away if it believed this.
  Connection: "keep-alive, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host",
};

const trusting = { trustedProxies: ["127.0.0.1"], proxyHeaders: "x-forwarded" } as const;
const ofClient = { remoteIp: clientAddress, protocol: "http", host: "shop.example", viaTrustedProxy: true };
const ofProxy = { remoteIp: "127.0.0.1", protocol: "http", host: "application", viaTrustedProxy: false };

for (const program of [nginx, haproxy]) {
  describe(`an application behind ${program.name}`, () => {
    before(function () {
      requireProxy(this, program);
    });

    /** What is shown to `ask`, each time on a new start of both. */
    async function behind(
      options: StartOptions,
      ask: (client: Client, proxy: ReverseProxy) => Promise<void>,
    ): Promise<void> {
      await using app = await serve([route("/", Origin)], options);
      await using proxy = await ReverseProxy.start(program, app.port, { secure: true });
      using client = new Client();
      await ask(client, proxy);
      expect(proxy.errors()).to.equal("");
    }

    it("sees the client's address, protocol and host when it trusts the proxy", () =>
      behind(trusting, async (client, { url, secureUrl }) => {
        expect((await client.show(url)).seen).to.deep.equal(ofClient);
        expect((await client.show(secureUrl)).seen).to.deep.equal({ ...ofClient, protocol: "https" });
        expect((await client.ask(url)).headers["set-cookie"]).to.deep.equal(["a=1; Path=/; HttpOnly; SameSite=Lax"]);
        const withPort = await client.show(secureUrl, { Host: "shop.example:8443" });
        expect(withPort.seen).to.deep.equal({ ...ofClient, protocol: "https", host: "shop.example:8443" });
        const [cookie] = (await client.ask(secureUrl)).headers["set-cookie"] ?? [];
        expect(cookie).to.equal("a=1; Path=/; HttpOnly; Secure; SameSite=Lax");
        for (const line of logged("access").slice(0, 5)) expect(line).to.match(/^200 GET \/ \(127\.0\.0\.2\)/);
      }));

    it("sees the proxy's when it does not, whatever it says", () =>
      behind({ trustedProxies: ["127.0.0.3"] }, async (client, { url, secureUrl }) => {
        expect((await client.show(url)).seen).to.deep.equal(ofProxy);
        expect((await client.show(secureUrl, forged)).seen).to.deep.equal(ofProxy);
        expect((await client.ask(secureUrl)).headers["set-cookie"]).to.deep.equal([
          "a=1; Path=/; HttpOnly; SameSite=Lax",
        ]);
      }));

    it("does not believe what a client says through the proxy", () =>
      behind(trusting, async (client, { url, secureUrl }) => {
        expect((await client.show(url, forged)).seen).to.deep.equal(ofClient);
        expect((await client.show(secureUrl, forged)).seen).to.deep.equal({ ...ofClient, protocol: "https" });
        expect((await client.show(url, { "X-Forwarded-For": "" })).seen).to.deep.equal(ofClient);
      }));

    it("refuses a client's Forwarded when it was not told which fields count", () =>
      behind({ trustedProxies: ["127.0.0.1"] }, async (client, { url }) => {
        expectLog(/400 GET .*: both Forwarded and X-Forwarded-…: set proxyHeaders$/);
        expect((await client.ask(url, { Forwarded: "for=203.0.113.14" })).status).to.equal(400);
        expect((await client.show(url)).seen).to.deep.equal(ofClient);
      }));

    it("sends events through it as they come, and learns that their client has left", async () => {
      let received = "";
      let outcome: Outcome | undefined;
      class Events extends RequestHandler {
        async get(): Promise<void> {
          const events = this.events();
          for (let id = 1; ; id++) {
            await events.send({ id, data: "x".repeat(100) });
            // The next one is not sent before this one has arrived: a proxy that waits for more waits for ever.
            await until(() => received.includes(`id: ${id}\n`) || this.signal.aborted);
          }
        }
        override onFinish(how: Outcome): void {
          outcome = how;
        }
      }
      await using app = await serve([route("/", Events)], { compress: true });
      await using proxy = await ReverseProxy.start(program, app.port);
      const { body, headers } = await fetch(proxy.url);
      expect(headers.get("content-encoding")).to.match(/^(br|gzip|zstd)$/);
      for await (const piece of (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
        received += piece;
        if (received.includes("id: 4\n")) break;
      }
      await until(() => outcome !== undefined);
      expect(outcome).to.equal("clientClosed");
      expect(logged("access")).to.have.lengthOf(1);
    });

    it("keeps its connection to the proxy from request to request, bodies included", () =>
      behind(trusting, async (client, { url }) => {
        const { connection } = await client.show(url);
        for (const size of [0, 1, 100_000]) {
          const body = "x".repeat(size);
          expect((await client.ask(url, {}, body)).body).to.equal(body);
          expect((await client.ask(url, { "Transfer-Encoding": "chunked" }, body)).body).to.equal(body);
        }
        expect((await client.show(url)).connection).to.equal(connection);
      }));
  });
}

describe("an application behind haproxy and nginx", () => {
  before(function () {
    for (const program of [nginx, haproxy]) requireProxy(this, program);
  });

  it("sees the client of the outer one, past the inner one, and nothing that it has made up", async () => {
    await using app = await serve([route("/", Origin)], trusting);
    await using inner = await ReverseProxy.start(innerNginx, app.port);
    await using outer = await ReverseProxy.start(haproxy, Number(new URL(inner.url).port), { secure: true });
    using client = new Client();
    for (const headers of [{}, forged]) {
      expect((await client.show(outer.url, headers)).seen).to.deep.equal(ofClient);
      expect((await client.show(outer.secureUrl, headers)).seen).to.deep.equal({ ...ofClient, protocol: "https" });
    }
    // Whoever comes in at the inner one is a client like others.
    expect((await client.show(inner.url, forged)).seen).to.deep.equal(ofClient);
  });
});
