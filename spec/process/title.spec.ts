import { expect } from "chai";
import { nameProcess, programName } from "#src/process/title.js";

describe("programName", () => {
  for (const [file, name] of [
    ["/srv/shop/dist/main.js", "main"],
    ["shop.server.mjs", "shop.server"],
    ["/srv/shop/run", "run"],
    ["", ""],
  ] as const) {
    it(`makes ${JSON.stringify(name)} of ${JSON.stringify(file)}`, () => expect(programName(file)).to.equal(name));
  }
});

describe("nameProcess", () => {
  const { title } = process;

  afterEach(() => {
    process.title = title;
  });

  it("names a process without a task id the primary", () => {
    nameProcess("shop");
    expect(process.title).to.equal("waterspout: shop (primary)");
  });

  it("leaves the name as it is for an empty one", () => {
    nameProcess("");
    expect(process.title).to.equal(title);
  });
});
