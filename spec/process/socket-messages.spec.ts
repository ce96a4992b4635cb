import { expect } from "chai";
import { isSocketReply, isSocketRequest } from "#src/process/socket-messages.js";

describe("socket messages", () => {
  const request = { waterspout: "socket", id: 1, port: 0, nth: 0 };
  const replies = [
    { waterspout: "socket", id: 1, place: { block: 0, row: 1 } },
    { waterspout: "socket", id: 1, place: null },
    { waterspout: "socket", id: 1, place: "cluster" },
    { waterspout: "socket", id: 1, failure: { message: "x" } },
  ];

  it("are told from each other", () => {
    expect(isSocketRequest(request)).to.equal(true);
    expect(isSocketReply(request)).to.equal(false);
    for (const reply of replies) {
      expect(isSocketReply(reply), JSON.stringify(reply)).to.equal(true);
      expect(isSocketRequest(reply), JSON.stringify(reply)).to.equal(false);
    }
  });

  it("are told from what else a child and its primary say", () => {
    for (const message of [undefined, null, "socket", 1, {}, { waterspout: "ready", info: { port: 1 } }, { port: 1 }]) {
      expect(isSocketRequest(message)).to.equal(false);
      expect(isSocketReply(message)).to.equal(false);
    }
  });
});
