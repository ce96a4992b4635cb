import type { Define } from "#src/options/define.js";
import type { Option } from "#src/options/option.js";
import { OptionParser } from "#src/options/parser.js";
import { expect } from "chai";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Does not compile unless the handle's type is exactly `T`. */
const typed =
  <T>() =>
  <U>(option: Option<U>, same: Same<T, U>): unknown =>
    same && option.value;

describe("Define", () => {
  const define: Define = new OptionParser().define;

  it("types the handle by type, default and multiple", () => {
    expect([
      typed<number>()(define("a", { type: "integer", default: 1, min: 0 }), true),
      typed<number | undefined>()(define("b", { type: "duration" }), true),
      typed<readonly Date[]>()(define("c", { type: "date", multiple: true }), true),
      typed<URL | undefined>()(define("d", { type: (text) => new URL(text) }), true),
      typed<number>()(define("e", { default: 8888, callback: (value) => value.toFixed() }), true),
      typed<boolean>()(define("f", { default: false }), true),
      typed<readonly string[]>()(define("g", { default: ["x"], multiple: true }), true),
      typed<string | undefined>()(define("h"), true),
      typed<string | undefined>()(define("i", { help: "text" }), true),
      typed<readonly string[]>()(define("j", { multiple: true }), true),
    ]).to.deep.equal([1, undefined, [], undefined, 8888, false, ["x"], undefined, undefined, []]);
  });

  it("refuses settings that do not fit the type", () => {
    // @ts-expect-error the default is a text
    define("wrong-default", { type: "integer", default: "1" });
    // @ts-expect-error one limit is a text
    expect(() => define("wrong-limit", { type: "integer", default: 1, min: "0" })).to.throw("takes numbers or dates");
    // @ts-expect-error there is no such type
    expect(() => define("wrong-type", { type: "float" })).to.throw('unknown type "float"');
  });
});
