import { expect } from "chai";
import { ServedProgram } from "../support/served-program.js";

const sample = new URL("../../samples/sleep/main.js", import.meta.url);

describe("redirectOutput", () => {
  it("prints all that a task printed before what its caller prints next", async () => {
    await using app = new ServedProgram(sample, ["--port=0", "--processes=1", "--threads=1", "--step=5ms"]);
    for (let request = 0; request < 5; request++) await app.get("/sleep");
    const lines = app.lines(/^(step 15 |in get after)/).map((line) => line.split(" ", 2).join(" "));
    expect(lines).to.deep.equal(Array.from({ length: 5 }, () => ["step 15", "in get"]).flat());
    await app.stop();
  });
});
