import { expect } from "chai";
import { DropCount } from "#src/http/drop-count.js";
import { expectLog } from "../support/log.js";

describe("DropCount", () => {
  it("counts each, and says it once for each burst", () => {
    let now = 0;
    const drops = new DropCount(3, () => now);
    const line = /connections are dropped: there are 3, as many as maxConnections and open files allow$/;
    expectLog(line, line);
    for (let drop = 0; drop < 4; drop++) {
      drops.note();
      now += 4_000;
    }
    now += 2_000;
    drops.note();
    expect(drops.total).to.equal(5);
  });
});
