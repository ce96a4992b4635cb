import { expect } from "chai";
import { ServedProgram } from "../support/served-program.js";

describe("a child with a thread that is stuck in native code", () => {
  it("is replaced by a new one, serves until then, and is gone when it has drained", async () => {
    // Children are looked at five times within this.
    const options = { processes: 2, livenessTimeout: 2_500 };
    await using app = new ServedProgram(new URL("./fixtures/stopping.js", import.meta.url), [JSON.stringify(options)]);
    const before = await app.program.children(2);
    const response = await fetch(await app.url("/lost"), { headers: { connection: "close" } });
    expect(response.status).to.equal(504);
    const line = await app.program.line(
      /has lost 1 thread to native code \(maxLostThreads is 1\): it will be replaced$/,
      18_000,
    );
    const pid = Number(/pid (\d+)/.exec(line)?.[1]);
    expect(before).to.include(pid);
    await app.program.line(new RegExp(`has taken over from pid ${pid}$`));
    await app.program.line(/the process kills itself: threads of it are stuck in native code$/);
    expect(await app.get("/ping")).to.equal("pong");
    expect(await app.stop()).to.deep.equal({ code: 0, signal: null });
  }).timeout(40_000);
});
