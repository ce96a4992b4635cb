import { expect } from "chai";
import { jsonText } from "#src/web/json-text.js";
import { ResponseError } from "waterspout";

describe("jsonText", () => {
  it("refuses a promise that was not awaited", () => {
    expect(() => jsonText(Promise.resolve(1))).to.throw(ResponseError, /class Promise has nothing .*await it/);
  });

  it("refuses an object whose state is private", () => {
    class Hidden {
      readonly #x = 1;
      get x(): number {
        return this.#x;
      }
    }
    expect(() => jsonText(new Hidden())).to.throw(ResponseError, /class Hidden/);
  });
});
