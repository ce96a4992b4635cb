import { expect } from "chai";
import { HTTPError } from "#src/errors.js";
import { parseJson } from "#src/http/json.js";

function parse(text: string | Buffer, type: string | undefined = "application/json"): unknown {
  return parseJson(Buffer.from(text), type, { jsonDepth: 100, jsonWeight: 1_000 });
}

/** The error that parsing ends in. */
function failure(text: string | Buffer, type?: string): HTTPError {
  try {
    parse(text, type);
  } catch (error) {
    return error as HTTPError;
  }
  throw new Error("it was accepted");
}

describe("parseJson", () => {
  it("gives the value", () => {
    expect(parse('{"a":[1,"]}\\"{[",null]}')).to.deep.equal({ a: [1, ']}"{[', null] });
    expect(parse('"ä"', "application/problem+json; charset=utf-8")).to.equal("ä");
  });

  for (const type of ["text/plain", "application/json garbage", "application/json\ta", "application/jsonx", ""]) {
    it(`answers Content-Type ${JSON.stringify(type)} with 415`, () => expect(failure("{}", type).status).to.equal(415));
  }

  it("answers no Content-Type, and a charset other than UTF-8, with 415", () => {
    expect(() => parseJson(Buffer.from("{}"), undefined, { jsonDepth: 1, jsonWeight: 1 }))
      .to.throw(HTTPError)
      .with.property("status", 415);
    expect(failure("{}", "application/json; charset=utf-7").status).to.equal(415);
  });

  const wrong: [name: string, body: string | Buffer][] = [
    ["an empty body", ""],
    ["no JSON", "{secret}"],
    ["bytes that are not UTF-8", Buffer.from([0x22, 0xff, 0x22])],
    ["a __proto__ member", '{"secret":{"__proto__":{}}}'],
    ["an escaped __proto__ member", '[{"\\u005f_proto__":1}]'],
    ["a constructor with a prototype", '{"constructor":{"prototype":{}}}'],
    ["too deep nesting", "[".repeat(101) + "]".repeat(101)],
    ["a megabyte of brackets", "[".repeat(1_000_000)],
    ["too many values", `[${"0,".repeat(1_001)}0]`],
    ["an escaped constructor with an escaped prototype", '{"c\\u006Fnstructor":{"prot\\u006ftype":{}}}'],
    ["a __proto__ member before white space", '{"__proto__" \n:1}'],
    ["a __proto__ member in an array in an object", '{"a":[[{"__proto__":1}]]}'],
    ["too deep nesting in objects", '{"a":'.repeat(101)],
  ];
  for (const [name, body] of wrong) {
    it(`answers ${name} with 400 and repeats nothing of it`, () => {
      const error = failure(body);
      expect(error.status).to.equal(400);
      expect(error.cause).to.equal(undefined);
      expect(JSON.stringify([error.message, error.extensions, error.reason])).not.to.include("secret");
    });
  }

  it("tells the client what is wrong", () => {
    expect(failure("[".repeat(101)).extensions).to.deep.equal({ detail: "nested deeper than 100" });
    expect(failure(`[${"0,".repeat(1_001)}0]`).extensions).to.deep.equal({
      detail: "weighs more than 1000: too many values, arrays, objects or different names",
    });
  });

  it("accepts nesting up to the limit, and brackets in strings", () => {
    expect(parse("[".repeat(100) + "]".repeat(100))).to.be.an("array");
    expect(parse(JSON.stringify("[".repeat(500) + '\\"'))).to.be.a("string");
  });

  it("accepts a long string that looks heavy", () => {
    expect(parse(JSON.stringify("[{,:\\".repeat(1_000)))).to.be.a("string");
  });

  it("accepts the words as values, and a constructor that is no object", () => {
    expect(parse('["__proto__", {"constructor":"prototype"}, "\\u0041"]')).to.have.length(3);
  });
});
