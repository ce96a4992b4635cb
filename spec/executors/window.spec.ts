import { expect } from "chai";
import { SampleWindow } from "#src/executors/window.js";

describe("SampleWindow", () => {
  it("is 0 while there is no sample", () => {
    const window = new SampleWindow();
    expect(window.summary()).to.deep.equal({ p50: 0, p95: 0, p99: 0 });
    expect(window.mean).to.equal(0);
  });

  it("gives percentiles, whatever the order of the samples", () => {
    const window = new SampleWindow();
    for (let sample = 100; sample >= 1; sample--) window.add(sample);
    expect(window.summary()).to.deep.equal({ p50: 51, p95: 96, p99: 100 });
    expect(window.mean).to.equal(50.5);
  });

  it("gives the one sample that there is", () => {
    const window = new SampleWindow();
    window.add(7);
    expect(window.summary()).to.deep.equal({ p50: 7, p95: 7, p99: 7 });
  });

  it("forgets what is older than its size", () => {
    const window = new SampleWindow(4);
    for (const sample of [1_000, 1_000, 1, 2, 3, 4]) window.add(sample);
    expect(window.summary()).to.deep.equal({ p50: 3, p95: 4, p99: 4 });
    expect(window.mean).to.equal(2.5);
  });
});
