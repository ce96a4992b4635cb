import { expect } from "chai";
import { Deployment } from "../support/deployment.js";
import { type Load, type LoadResult, startLoad } from "../support/load-client.js";
import { haproxy } from "../support/haproxy.js";
import { nginx } from "../support/nginx.js";
import { type ProxyProgram, ReverseProxy, missingProxy } from "../support/reverse-proxy.js";
import { skip } from "../support/skip.js";

// The long form of these, with many more requests and reloads, is `npm run load:reloads`.
describe("a reload under load", function () {
  this.timeout(120_000);

  function load(url: string): Load {
    // One without a pause leaves the machine to the new children.
    const mix = { busy: 1, paced: 9, thinking: 5, visiting: 5 };
    return startLoad({ url, clients: 20, mix, seconds: 100, timeout: 20_000 });
  }

  function expectNothingLost({ requests, failed, failures }: LoadResult): void {
    expect(failures).to.deep.equal([]);
    expect(failed).to.equal(0);
    expect(requests).to.be.above(200);
  }

  it("loses no request, and the new code answers", async () => {
    await using deployment = new Deployment({ processes: 2 });
    await using clients = load(await deployment.served.url("/"));
    await clients.reached(100);
    deployment.deploy(`export const version = "1";`);
    expect(await deployment.reload()).to.include("reload complete: 2 processes replaced");
    await clients.reached(clients.requests + 200);
    const result = await clients.stop();
    expectNothingLost(result);
    expect(Object.keys(result.processes)).to.have.length(4);
    expect(await deployment.served.get("/")).to.equal("1");
    expect((await deployment.served.stop()).code).to.equal(0);
  });

  it("loses none when the new code cannot start, and the old code answers on", async () => {
    await using deployment = new Deployment({ processes: 2 });
    const before = deployment.served.program;
    await using clients = load(await deployment.served.url("/"));
    const pids = before.childPids();
    await clients.reached(100);
    deployment.deploy(`throw new Error("a bad deploy");`);
    expect(await deployment.reload()).to.match(/reload failed: child 0 .*; kept 2 processes of before$/);
    await clients.reached(clients.requests + 200);
    expectNothingLost(await clients.stop());
    expect(before.childPids()).to.deep.equal(pids);
    expect(await deployment.served.get("/")).to.equal("0");
    expect((await deployment.served.stop()).code).to.equal(0);
  });

  it("gives nginx and haproxy in front no reason for a 502", async function () {
    await using deployment = new Deployment({ processes: 2 });
    const { port } = new URL(await deployment.served.url("/"));
    await using behindNginx = await inFront(nginx, Number(port));
    await using behindHaproxy = await inFront(haproxy, Number(port));
    const fronts = [behindNginx, behindHaproxy].filter((front) => front !== undefined);
    if (fronts.length === 0) skip(this, "neither of them is here");
    await Promise.all(fronts.map(({ clients }) => clients.reached(100)));
    expect(await deployment.reload()).to.include("reload complete");
    await Promise.all(fronts.map(({ clients }) => clients.reached(clients.requests + 200)));
    for (const { proxy, clients } of fronts) {
      expectNothingLost(await clients.stop());
      expect(proxy.errors()).to.equal("");
    }
    expect((await deployment.served.stop()).code).to.equal(0);
  });

  /** A proxy under load; undefined where it is not installed. */
  async function inFront(program: ProxyProgram, port: number): Promise<Front | undefined> {
    const missing = missingProxy(program);
    if (missing !== undefined) {
      console.warn(`\n  SKIPPED a reload behind ${program.name}: ${missing}\n`);
      return undefined;
    }
    const proxy = await ReverseProxy.start(program, port);
    const clients = load(proxy.url);
    return {
      proxy,
      clients,
      async [Symbol.asyncDispose]() {
        await clients[Symbol.asyncDispose]();
        await proxy[Symbol.asyncDispose]();
      },
    };
  }
});

interface Front extends AsyncDisposable {
  readonly proxy: ReverseProxy;
  readonly clients: Load;
}
