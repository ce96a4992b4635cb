import { expect } from "chai";
import { type Program, startProgram } from "../support/program.js";

// A program that loses its terminal is in spec/system/terminal.spec.ts.
describe("outliveOutput", () => {
  let program: Program;

  afterEach(() => program.dispose());

  /** How a program ends that goes on printing when nobody reads it any more. */
  async function endOf(...args: string[]): Promise<number | null> {
    program = startProgram(new URL("./fixtures/deaf.js", import.meta.url), args);
    expect(await program.line(/^begun/)).to.match(args.length > 0 ? /: 1$/ : /: 0$/);
    program.deafen();
    program.kill("SIGUSR2");
    return (await program.exited).code;
  }

  it("lets a program print on when nobody reads, and counts once", async () => {
    expect(await endOf("outlive")).to.equal(0);
  });

  it("is what a program needs for it", async () => {
    expect(await endOf()).to.equal(1);
  });
});
