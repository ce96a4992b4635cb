import { expect } from "chai";
import { argumentError, within } from "#src/executors/faults.js";
import { SerializationError } from "waterspout";

const call = { token: "Hasher", method: "hash" };

describe("argumentError", () => {
  it("names the first argument that cannot be cloned; a signal can be sent", () => {
    const cause = new Error("clone");
    const error = argumentError([new AbortController().signal, 1, { deep: [() => 1] }], call, cause);
    expect(error).to.be.instanceOf(SerializationError).and.to.include({ path: "argument 2.deep[0]", cause });
  });

  it("names the value that travels along, when it is that one's fault", () => {
    const error = argumentError([1], { ...call, context: { tenant: "blue", logger: { log: () => 1 } } }, undefined);
    expect(error.path).to.equal("the carried value of logger.log");
  });

  it("gives the reason where nothing is found", () => {
    const error = argumentError([1], call, new Error("an ArrayBuffer could not be moved"));
    expect(error.message).to.equal("Hasher.hash: its arguments cannot be sent: an ArrayBuffer could not be moved");
  });
});

describe("within", () => {
  it("waits for the work, or for so long", async () => {
    let isDone = false;
    await within(
      60_000,
      Promise.resolve().then(() => (isDone = true)),
    );
    expect(isDone).to.equal(true);
    await within(1, new Promise(() => undefined));
  });
});
