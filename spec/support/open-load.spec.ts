import { expect } from "chai";
import { HTTPError, RequestHandler, route } from "waterspout";
import { muteLog } from "./log.js";
import { OpenLoad, type OpenLoadResult } from "./open-load.js";
import { serve } from "./serve.js";

/** Answers one request in four 200, one 503 with a Retry-After, one without it, and one 500. */
class Mixed extends RequestHandler {
  static asked = 0;
  static readonly connections = new Set<unknown>();

  get(): string {
    Mixed.connections.add(this.request.socket.remotePort);
    const kind = Mixed.asked++ % 4;
    if (kind === 1) throw new HTTPError(503, "full", { headers: { "Retry-After": "1" } });
    if (kind > 1) throw new HTTPError(kind === 2 ? 503 : 500);
    return "served";
  }
}

describe("open load", () => {
  async function measured(run: (load: OpenLoad) => Promise<OpenLoadResult>): Promise<OpenLoadResult> {
    Mixed.asked = 0;
    Mixed.connections.clear();
    return muteLog(async () => {
      await using app = await serve([route("/mixed", Mixed)]);
      const load = new OpenLoad(`${app.url}/mixed`);
      try {
        return await run(load);
      } finally {
        load.close();
      }
    });
  }

  it("sends as many as it is told, and tells apart what comes of them", async () => {
    const { sent, accepted, refused, others } = await measured((load) => load.open(400, 0.1));
    expect([sent, Mixed.asked, accepted.count, refused.count]).to.deep.equal([40, 40, 10, 10]);
    expect(others).to.deep.equal({ "status 503": 10, "status 500": 10 });
    expect(accepted.p50).to.be.above(0).and.at.most(accepted.p99).and.at.most(accepted.max);
  });

  it("begins anew with each load, on the connections that it has", async () => {
    const second = await measured(async (load) => {
      await load.closed(2, 0.05);
      Mixed.asked = 0;
      return load.closed(2, 0.05);
    });
    expect(second.sent).to.equal(Mixed.asked);
    expect(Mixed.connections.size).to.equal(2);
    expect(second.goodput)
      .to.be.above(0)
      .and.at.most(second.accepted.count / 0.05);
  });
});
