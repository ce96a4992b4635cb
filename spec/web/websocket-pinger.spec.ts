import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Pinger } from "#src/web/websocket-pinger.js";
import { until } from "../support/until.js";

describe("Pinger", () => {
  /** What happened to the peer; `received` is what it has sent. */
  const peer = { pings: 0, losses: 0, bytes: 0, isHeld: false, answers: false };

  const pinged = {
    received: () => peer.bytes,
    held: () => peer.isHeld,
    ping: () => {
      peer.pings += 1;
      if (peer.answers) peer.bytes += 1;
    },
    lost: () => (peer.losses += 1),
  };

  beforeEach(() => Object.assign(peer, { pings: 0, losses: 0, bytes: 0, isHeld: false, answers: false }));

  it("pings after an interval, and says once that nothing came", async () => {
    const pinger = new Pinger(pinged, { pingInterval: 20, pingTimeout: 10 });
    expect(peer.pings).to.equal(0);
    await until(() => peer.losses > 0);
    await sleep(50);
    expect(peer).to.include({ pings: 1, losses: 1 });
    pinger.stop();
  });

  it("goes on while anything comes, and while the peer is held back", async () => {
    peer.answers = true;
    const pinger = new Pinger(pinged, { pingInterval: 10, pingTimeout: 10 });
    await until(() => peer.pings >= 3);
    Object.assign(peer, { answers: false, isHeld: true });
    const before = peer.pings;
    await until(() => peer.pings >= before + 3);
    expect(peer.losses).to.equal(0);
    peer.isHeld = false;
    await until(() => peer.losses === 1);
    pinger.stop();
  });

  it("stops in any state", async () => {
    for (const wait of [0, 15]) {
      const pinger = new Pinger(pinged, { pingInterval: 10, pingTimeout: 10 });
      await sleep(wait);
      pinger.stop();
    }
    const { pings } = peer;
    await sleep(40);
    expect(peer).to.include({ pings, losses: 0 });
  });
});
