import { expect } from "chai";
import { isChildMessage } from "#src/process/messages.js";

describe("isChildMessage", () => {
  const own = [
    { waterspout: "ready", info: {} },
    { waterspout: "ready", info: { address: "127.0.0.1:8888" } },
    { waterspout: "boot-failure", reason: "the port is taken" },
  ];
  for (const message of own) {
    it(`takes ${JSON.stringify(message)}`, () => expect(isChildMessage(message)).to.equal(true));
  }

  const others = [
    null,
    undefined,
    "ready",
    {},
    { waterspout: "ready" },
    { waterspout: "ready", info: null },
    { waterspout: "ready", info: [] },
    { waterspout: "boot-failure" },
    { waterspout: "boot-failure", reason: 3 },
    { waterspout: "other", info: {}, reason: "" },
    { cmd: "NODE_CLUSTER" },
  ];
  for (const message of others) {
    it(`leaves ${JSON.stringify(message)} to the application`, () => expect(isChildMessage(message)).to.equal(false));
  }
});
