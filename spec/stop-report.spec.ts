import { expect } from "chai";
import { describeStop } from "#src/stop-report.js";

const nothing = { expiredRequests: 0, cutRequests: 0, cutSockets: 0, cancelledTasks: 0, lostThreads: 0 };

describe("describeStop", () => {
  it("says nothing where nothing was cut off", () => {
    expect(describeStop(nothing)).to.equal(undefined);
  });

  it("says what was, one and many", () => {
    expect(describeStop({ ...nothing, cutRequests: 1 })).to.equal(
      "not all was done when the server stopped: 1 request was cut off",
    );
    expect(
      describeStop({ expiredRequests: 3, cutRequests: 2, cutSockets: 4, cancelledTasks: 5, lostThreads: 1 }),
    ).to.equal(
      "not all was done when the server stopped: 3 requests were answered 503, 2 requests were cut off, " +
        "4 WebSockets were cut off, 5 tasks were cancelled, 1 thread is stuck in native code",
    );
  });
});
