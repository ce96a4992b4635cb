import { expect } from "chai";
// Before tsyringe, which refuses to load without reflect-metadata.
import { ConfigurationError } from "#src/errors.js";
import type { Registration } from "#src/injection/model.js";
import { Registrations, registryOf } from "#src/injection/registrations.js";
import "reflect-metadata";
import { Lifecycle, container as root } from "tsyringe";

class Kept {}

describe("registryOf", () => {
  it("reads a container of the supported tsyringe", () => {
    const child = root.createChildContainer().register("registrations:a", { useValue: 1 });
    expect([...registryOf(child).entries()].map(([token]) => token)).to.include("registrations:a");
  });

  it("names the supported version when the registry is not where it should be", () => {
    for (const other of [{}, { _registry: new Map() }, { _registry: null }]) {
      expect(() => registryOf(other)).to.throw(ConfigurationError, /tsyringe 4\.10\.0/);
    }
  });
});

describe("Registrations", () => {
  describe("#of", () => {
    it("describes each kind of provider", () => {
      const child = root.createChildContainer();
      const registrations = new Registrations(child, root, () => undefined);
      child.register("value", { useValue: 0 }).register("token", { useToken: "value" });
      child.register("class", Kept, { lifecycle: Lifecycle.ResolutionScoped });
      child.register("factory", { useFactory: (given) => given });
      const last = (token: string): Registration | undefined => registrations.of(token).at(-1);
      expect(last("value")?.provider).to.deep.equal({ kind: "value", value: 0 });
      expect(last("token")?.provider).to.deep.equal({ kind: "token", token: "value" });
      expect(last("class")).to.deep.include({ lifetime: "resolution", provider: { kind: "class", target: Kept } });
      const factory = last("factory")?.provider;
      expect(factory?.kind === "factory" && factory.make()).to.equal(child);
      expect(registrations.of("nothing")).to.deep.equal([]);
    });

    it("gives the same object for the same registration, whose stand-in asks for the shared instance", () => {
      const child = root.createChildContainer();
      const asked: unknown[] = [];
      const registrations = new Registrations(child, root, (registration) => asked.push(registration));
      child.registerSingleton(Kept);
      const [registration] = registrations.of(Kept);
      expect(registrations.of(Kept)).to.deep.equal([registration]);
      expect(child.resolve(Kept)).to.equal(1);
      expect(asked[0]).to.equal(registration);
    });
  });
});
