import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import {
  type ExecutorContextValue,
  alone,
  amongOthers,
  captureContext,
  currentRequest,
  restoreContext,
  runInRequest,
} from "#src/context.js";
import { ExecutorContext, carryContext } from "waterspout";
import { PlayedRequest } from "./support/played-request.js";

const taskCalled = (token: string): ExecutorContextValue => ({
  signal: new AbortController().signal,
  cancelled: false,
  deadline: undefined,
  requestId: undefined,
  traceparent: undefined,
  token,
});

describe("ExecutorContext", () => {
  it("is undefined outside of a task", () => {
    expect(ExecutorContext.current()).to.equal(undefined);
  });

  it("tells tasks apart that run at once, wherever their callbacks run", async () => {
    const seen = async (): Promise<string | undefined> => {
      await turn();
      return ExecutorContext.current()?.token;
    };
    const both = ["a", "b"].map((token) => amongOthers.run(taskCalled(token), seen));
    expect(await Promise.all(both)).to.deep.equal(["a", "b"]);
    expect(ExecutorContext.current()).to.equal(undefined);
  });

  it("is the one task of a worker until it has ended", async () => {
    const body = (): string | undefined => ExecutorContext.current()?.token;
    expect(alone.run(taskCalled("only"), body)).to.equal("only");
    await turn();
    expect(body()).to.equal("only");
    alone.end();
    expect(body()).to.equal(undefined);
  });
});

describe("currentRequest", () => {
  it("is the request in whose course the caller runs", async () => {
    const request = new PlayedRequest();
    const seen = await runInRequest(request, async () => {
      await turn();
      return currentRequest();
    });
    expect(seen).to.equal(request);
    expect(currentRequest()).to.equal(undefined);
  });
});

describe("carried values", () => {
  const [tenant, locale] = [new AsyncLocalStorage<string>(), new AsyncLocalStorage<{ name: string }>()];

  before(() => {
    carryContext("spec:tenant", tenant);
    carryContext("spec:locale", locale);
  });

  const captured = (): Readonly<Record<string, unknown>> | undefined =>
    tenant.run("blue", () => locale.run({ name: "de" }, captureContext));

  it("are those of all storages that have one, under their names", () => {
    expect(captured()).to.deep.include({ "spec:tenant": "blue", "spec:locale": { name: "de" } });
    expect(tenant.run("blue", captureContext)).to.not.have.property("spec:locale");
  });

  it("are none where no storage has one, so that nothing is sent", () => {
    expect(captureContext()).to.equal(undefined);
  });

  it("are in place again for a body, also after it has waited, and only there", async () => {
    const body = async (): Promise<unknown[]> => {
      await turn();
      return [tenant.getStore(), locale.getStore()];
    };
    expect(await restoreContext(captured(), body)).to.deep.equal(["blue", { name: "de" }]);
    expect([tenant.getStore(), locale.getStore()]).to.deep.equal([undefined, undefined]);
  });

  it("of a storage that this side does not have are left out", () => {
    expect(restoreContext({ "spec:unknown": 1, "spec:tenant": "red" }, () => tenant.getStore())).to.equal("red");
    expect(restoreContext(undefined, () => tenant.getStore())).to.equal(undefined);
  });
});
