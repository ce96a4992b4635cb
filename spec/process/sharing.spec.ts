import cluster from "node:cluster";
import { fstatSync } from "node:fs";
import { expect } from "chai";
import { scoreboardDescriptor } from "#src/process/scoreboard.js";
import { type Sharing, setUpSharing } from "#src/process/sharing.js";

describe("setUpSharing", () => {
  const policy = cluster.schedulingPolicy;

  afterEach(() => {
    cluster.schedulingPolicy = policy;
    cluster.removeAllListeners("message").removeAllListeners("exit");
  });

  /** What children inherit under the scoreboard's number. */
  function inherited({ settings }: Sharing): unknown {
    return Array.isArray(settings.stdio) ? settings.stdio[scoreboardDescriptor] : undefined;
  }

  it("lets children accept from one socket, and see by a file what the others have", () => {
    const sharing = setUpSharing("shared");
    expect(cluster.schedulingPolicy).to.equal(cluster.SCHED_NONE);
    const descriptor = inherited(sharing) as number;
    expect(fstatSync(descriptor).isFile()).to.equal(true);
    expect(cluster.listenerCount("message")).to.equal(1);
    sharing.observer.stop?.("stopped");
    expect(fstatSync(descriptor).isFile(), "children that drain still read it").to.equal(true);
    sharing.observer.end?.();
    expect(() => fstatSync(descriptor)).to.throw("EBADF");
  });

  it("leaves it all to node:cluster with round-robin", () => {
    const sharing = setUpSharing("round-robin");
    expect(cluster.schedulingPolicy).to.equal(cluster.SCHED_RR);
    expect([sharing.settings, sharing.observer]).to.deep.equal([{}, {}]);
    // Children ask all the same, and are told so.
    expect(cluster.listenerCount("message")).to.equal(1);
  });
});
