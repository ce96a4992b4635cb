import { expect } from "chai";
import { ServedProgram } from "./support/served-program.js";

const steps = new URL("./system/fixtures/steps.js", import.meta.url);
const clean = { code: 0, signal: null };

// How a program ends on a signal, and without its primary, is in spec/system/bootstrap.spec.ts.
describe("Program", function () {
  this.timeout(60_000);

  it("drains and ends with 1 after an error that nobody caught", async () => {
    await using app = new ServedProgram(steps);
    const late = app.get("/throw");
    expect(await app.ended()).to.deep.equal({ code: 1, signal: null });
    expect(await late).to.equal("thrown");
    expect(app.count(/\[E .*Uncaught exception outside of a request: the process drains and ends$/)).to.equal(1);
    expect(app.count(/RangeError: nobody catches this/)).to.equal(1);
    expect(app.count(/^the loop was stopped$/)).to.equal(1);
  });

  it("logs a rejection that nobody awaited and goes on; what an application leaves behind does not keep it", async () => {
    await using app = new ServedProgram(steps);
    expect(await app.get("/reject")).to.equal("rejected");
    expect(await app.get("/leave")).to.equal("left");
    expect(await app.stop()).to.deep.equal(clean);
    expect(app.count(/\[E .*Unhandled rejection$/)).to.equal(1);
  });

  it("is restarted by its primary after an error that nobody caught", async () => {
    await using app = new ServedProgram(steps, ["1", "2"]);
    expect(await app.get("/throw")).to.equal("thrown");
    await app.program.line(/child \d \(pid \d+\) exited with status 1, restarting$/);
    expect(await app.get("/thread")).to.match(/^thread [1-9]/);
    expect(await app.stop()).to.deep.equal(clean);
  });

  it("waits for every server of the process", async () => {
    await using app = new ServedProgram(steps, ["2"]);
    const late = app.get("/late", 1);
    await app.program.line(/^held$/);
    expect(await app.stop()).to.deep.equal(clean);
    expect(await late).to.equal("late");
  });
});
