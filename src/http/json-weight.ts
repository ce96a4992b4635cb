import { randomFillSync } from "node:crypto";

/** What parts of a JSON document weigh, from what `JSON.parse` takes for them with the garbage that they make. */
const weights = {
  /** A value behind another: a number, or a string, or a member whose name is known. */
  value: 1,
  /** An array or object, besides. */
  container: 2,
  /** A member's name that no object before had in this place, besides: a new string, and a new shape of objects. */
  name: 8,
} as const;

/** More than any byte of a document can add on the average: `{"a":` and its `}` weigh ten. */
const heaviestByte = 2;

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openArray = 0x5b;
const backslash = 0x5c;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

/**
 * Whether a JSON document weighs more than `limit`: one for each value, two more for each array and object, eight more for each
 * different name of a member. A name that stands behind other names than before is a different one, for such objects share no
 * shape. One pass over the bytes, to the limit at most, without a string; small documents are not looked at. Call it when the
 * nesting is limited; what is no JSON has some weight, too.
 */
export function isHeavy(body: Uint8Array, limit: number): boolean {
  return body.length * heaviestByte > limit && weigh(body, limit) > limit;
}

function weigh(body: Uint8Array, limit: number): number {
  const names = new NumberSet(Math.min(limit / weights.name, body.length / 4));
  const outer: number[] = [];
  /** What names the object has up to here, and in which order. */
  let shape = 0;
  let start = 0;
  let end = 0;
  let weight = 0;
  for (let i = 0; i < body.length && weight <= limit; i++) {
    switch (body[i]) {
      case quote:
        start = i + 1;
        i = end = endOfString(body, i);
        break;
      case comma:
        weight += weights.value;
        break;
      case colon:
        shape = hash(body, start, end, shape);
        if (names.add(shape)) weight += weights.name;
        break;
      case openArray:
      case openObject:
        weight += weights.container;
        outer.push(shape);
        shape = 0;
        break;
      case closeArray:
      case closeObject:
        shape = outer.pop() ?? 0;
    }
  }
  return weight;
}

/** The index of the quote that ends the string starting at `start`, or the end of the body. */
export function endOfString(body: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < body.length && body[i] !== quote) i += body[i] === backslash ? 2 : 1;
  return i;
}

/** Drawn anew in each process: names that collide, and would count as one, cannot be found from outside. */
const secrets = randomFillSync(new Int32Array(256));

function hash(body: Uint8Array, start: number, end: number, seed: number): number {
  let mixed = seed;
  for (let i = start; i < end; i++) {
    mixed = Math.imul(mixed ^ secrets[body[i] as number]!, 0x85ebca6b);
    mixed ^= mixed >>> 15;
  }
  // The end counts, too: or "a" before "bc" would be "ab" before "c".
  return Math.imul(mixed ^ secrets[(end - start) & 255]!, 0xc2b2ae35);
}

/** Some numbers of 32 bits. A `Set` of them would be ten times as large and slow. */
class NumberSet {
  readonly #slots: Int32Array;

  /** @param size how many there may be, at most. */
  constructor(size: number) {
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(size + 1) + 1));
  }

  /** @returns whether it is new. 0 is taken for 1. */
  add(number: number): boolean {
    const slots = this.#slots;
    const wanted = number || 1;
    for (let at = wanted; ; at++) {
      const slot = at & (slots.length - 1);
      if (slots[slot] === wanted) return false;
      if (slots[slot] !== 0) continue;
      slots[slot] = wanted;
      return true;
    }
  }
}
