import { expect } from "chai";
import { readlinkSync } from "node:fs";
import { Scoreboard, ScoreboardRow } from "#src/process/scoreboard.js";
import type { Place } from "#src/process/socket-messages.js";
import { requireLinux } from "../support/skip.js";

describe("Scoreboard", () => {
  let scoreboard: Scoreboard;

  beforeEach(() => {
    scoreboard = new Scoreboard();
  });

  afterEach(() => scoreboard.close());

  function place(block = 0): Place {
    const taken = scoreboard.take(block);
    if (taken === null) throw new Error("no place");
    return taken;
  }

  function row(at = place()): ScoreboardRow {
    return new ScoreboardRow(at, scoreboard.descriptor);
  }

  it("shows each child the least that another one has, and not its own", () => {
    const [first, second, third] = [row(), row(), row()];
    expect(first.leastOfOthers()).to.equal(undefined);
    first.write(0);
    expect(first.leastOfOthers()).to.equal(undefined);
    second.write(7);
    third.write(70_000);
    expect(first.leastOfOthers()).to.equal(7);
    expect(second.leastOfOthers()).to.equal(0);
    second.write(8);
    expect(first.leastOfOthers()).to.equal(8);
  });

  it("does not count a child that has stopped to accept, nor one that has ended", () => {
    const [own, other, ended] = [row(), row(), place()];
    other.write(1);
    row(ended).write(2);
    other.leave();
    expect(own.leastOfOthers()).to.equal(2);
    scoreboard.release(ended);
    expect(own.leastOfOthers()).to.equal(undefined);
  });

  it("gives a place again when its child has ended", () => {
    const [first, second] = [place(), place()];
    expect(second).not.to.deep.equal(first);
    scoreboard.release(first);
    expect(place()).to.deep.equal(first);
  });

  it("keeps sockets apart", () => {
    const [here, there] = [row(place(0)), row(place(1))];
    there.write(1);
    expect(here.leastOfOthers()).to.equal(undefined);
  });

  it("has no place beyond 256 children of one socket, and beyond four sockets", () => {
    const places = Array.from({ length: 256 }, () => place(3));
    expect(new Set(places.map((at) => at.row)).size).to.equal(256);
    expect(scoreboard.take(3)).to.equal(null);
    expect(scoreboard.take(4)).to.equal(null);
    row(places[255]).write(5);
    expect(row(places[0]).leastOfOthers()).to.equal(5);
  });

  it("has no name in the file system", function () {
    requireLinux(this, "only Linux names the file of a descriptor");
    expect(readlinkSync(`/proc/self/fd/${scoreboard.descriptor}`)).to.match(/ \(deleted\)$/);
  });
});
