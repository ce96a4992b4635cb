import { expect } from "chai";
import type { Class } from "#src/concurrent.js";
import { ConfigurationError, WorkerBootError } from "#src/errors.js";
import { ClassRegistry } from "#src/executors/registry.js";
import { RunOnExecutor } from "waterspout";

class PassportCropper {
  @RunOnExecutor()
  async resize(width: number): Promise<number> {
    return width;
  }
}

class Hasher {
  @RunOnExecutor()
  async hash(text: string): Promise<string> {
    return text;
  }
}

/** Another class of the same name. */
function otherCropper(): Class {
  class OtherCropper {
    @RunOnExecutor()
    async resize(width: number): Promise<number> {
      return -width;
    }
  }
  Object.defineProperty(OtherCropper, "name", { value: "PassportCropper" });
  return OtherCropper;
}

describe("ClassRegistry", () => {
  it("knows a class by its name", () => {
    const registry = new ClassRegistry([PassportCropper]);
    expect(registry.tokenOf(PassportCropper)).to.equal("PassportCropper");
    expect(registry.classOf("PassportCropper")).to.equal(PassportCropper);
  });

  it("knows a class by the token of one of its methods instead", () => {
    class Titled {
      @RunOnExecutor()
      async first(): Promise<void> {}

      @RunOnExecutor({ token: "images.Titled" })
      async second(): Promise<void> {}
    }
    const registry = new ClassRegistry([Titled]);
    expect(registry.tokenOf(Titled)).to.equal("images.Titled");
    expect(registry.classOf("images.Titled")).to.equal(Titled);
  });

  it("refuses two classes with one token and says how to tell them apart", () => {
    expect(() => new ClassRegistry([PassportCropper, otherCropper()])).to.throw(
      ConfigurationError,
      /called "PassportCropper".*rename one, or give one of them a name of its own: @RunOnExecutor\(\{ token: "other\.PassportCropper" \}\)$/,
    );
  });

  it("takes the same class twice", () => {
    expect(new ClassRegistry([PassportCropper, PassportCropper]).classOf("PassportCropper")).to.equal(PassportCropper);
  });

  it("refuses a class without a name", () => {
    const nameless = ((): Class => {
      class Nameless extends Hasher {}
      Object.defineProperty(Nameless, "name", { value: "" });
      return Nameless;
    })();
    expect(() => new ClassRegistry([nameless])).to.throw(ConfigurationError, "a class without a name");
  });

  describe("#tokenOf", () => {
    it("takes a class that the application reaches only at run time", () => {
      const registry = new ClassRegistry([]);
      expect(registry.tokenOf(Hasher)).to.equal("Hasher");
      expect(registry.classOf("Hasher")).to.equal(Hasher);
    });

    it("refuses one whose name is taken", () => {
      const registry = new ClassRegistry([PassportCropper]);
      expect(() => registry.tokenOf(otherCropper())).to.throw(ConfigurationError, 'called "PassportCropper"');
    });
  });

  describe("#classOf", () => {
    it("finds a decorated class whose module was imported, though no handler depends on it", () => {
      expect(new ClassRegistry([]).classOf("Hasher")).to.equal(Hasher);
    });

    it("refuses a token of which two imported classes might be meant", () => {
      otherCropper();
      expect(() => new ClassRegistry([]).classOf("PassportCropper")).to.throw(
        ConfigurationError,
        'called "PassportCropper"',
      );
    });

    it("says why a token may be unknown", () => {
      expect(() => new ClassRegistry([PassportCropper]).classOf("Nobody")).to.throw(
        WorkerBootError,
        'no class is known as "Nobody" here: its module is not imported',
      );
    });
  });

  describe("#hash", () => {
    it("does not depend on the order of the classes", () => {
      expect(new ClassRegistry([Hasher, PassportCropper]).hash).to.equal(
        new ClassRegistry([PassportCropper, Hasher]).hash,
      );
    });

    it("differs with the classes and with their methods", () => {
      class More extends Hasher {
        @RunOnExecutor()
        async check(): Promise<void> {}
      }
      Object.defineProperty(More, "name", { value: "Hasher" });
      const hashes = [[Hasher], [Hasher, PassportCropper], [More], []].map(
        (classes) => new ClassRegistry(classes).hash,
      );
      expect(new Set(hashes)).to.have.property("size", 4);
    });
  });
});
