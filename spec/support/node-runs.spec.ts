import { expect } from "chai";
import { nodeRuns } from "./node-runs.js";

describe("nodeRuns", () => {
  const existing = ["executors", "http"];

  it("are all specs on the supported versions that are not tested by npm test", () => {
    expect(nodeRuns([], existing)).to.deep.equal({ versions: ["22", "24", "26"], folders: [] });
  });

  it("takes numbers for versions and names for folders, in any order", () => {
    expect(nodeRuns(["http", "26", "executors", "22.12.0"], existing)).to.deep.equal({
      versions: ["26", "22.12.0"],
      folders: ["http", "executors"],
    });
    expect(nodeRuns(["http"], existing).versions).to.have.length(3);
  });

  it("refuses a folder that has no specs, and says which have", () => {
    expect(() => nodeRuns(["26", "htp"], existing)).to.throw("no folder htp has specs, these have: executors, http");
    expect(() => nodeRuns(["v26"], existing)).to.throw("no folder v26 has specs");
  });
});
