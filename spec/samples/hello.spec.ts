import { expect } from "chai";
import { ServedProgram } from "../support/served-program.js";

const main = new URL("../../samples/hello/main.js", import.meta.url);

describe("the hello sample", () => {
  it("answers from two processes, and ends on SIGTERM", async () => {
    await using app = new ServedProgram(main, ["--port=0", "--processes=2"]);
    expect(await app.get("/")).to.equal("Hello, world\n");
    expect(await app.get("/you")).to.equal("Hello, you\n");
    expect(app.program.childPids()).to.have.length(2);
    expect(await app.stop()).to.deep.equal({ code: 0, signal: null });
  });
});
