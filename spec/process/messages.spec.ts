import { expect } from "chai";
import { isChildMessage, isPrimaryMessage } from "#src/process/messages.js";

const figures = {
  requests: 3,
  rss: 50_000_000,
  eventLoopDelay: 0.5,
  blockedLoops: 1,
  droppedConnections: 2,
  lostThreads: 0,
  draining: false,
  inspected: false,
};

function describeGuard(
  guard: (message: unknown) => boolean,
  own: readonly unknown[],
  others: readonly unknown[],
): void {
  for (const message of own) {
    it(`takes ${JSON.stringify(message)}`, () => expect(guard(message)).to.equal(true));
  }
  const foreign = [
    null,
    undefined,
    "ready",
    [],
    {},
    { waterspout: "other" },
    { waterspout: "toString" },
    { cmd: "NODE_CLUSTER" },
  ];
  for (const message of [...foreign, ...others]) {
    it(`leaves ${JSON.stringify(message)} to the application`, () => expect(guard(message)).to.equal(false));
  }
}

describe("isChildMessage", () => {
  describeGuard(
    isChildMessage,
    [
      { waterspout: "ready", info: {} },
      { waterspout: "ready", info: { address: "127.0.0.1:8888" } },
      { waterspout: "boot-failure", reason: "the port is taken" },
      { waterspout: "status", figures },
    ],
    [
      { waterspout: "ready" },
      { waterspout: "ready", info: null },
      { waterspout: "ready", info: [] },
      { waterspout: "boot-failure" },
      { waterspout: "boot-failure", reason: 3 },
      { waterspout: "other", info: {}, reason: "" },
      { waterspout: "status" },
      { waterspout: "status", figures: { ...figures, rss: "50" } },
      { waterspout: "status", figures: { ...figures, requests: null } },
      { waterspout: "status", figures: { ...figures, draining: 1 } },
      { waterspout: "status", figures: { ...figures, inspected: undefined } },
      { waterspout: "supervision", statusInterval: 1_000 },
    ],
  );
});

describe("isPrimaryMessage", () => {
  describeGuard(
    isPrimaryMessage,
    [{ waterspout: "supervision", statusInterval: 1_000, livenessTimeout: 0 }],
    [
      { waterspout: "supervision" },
      { waterspout: "supervision", statusInterval: "1", livenessTimeout: 0 },
      { waterspout: "supervision", statusInterval: 1_000 },
      { waterspout: "ready", info: {} },
    ],
  );
});
