import type { Class } from "../concurrent.js";
import type { Frame } from "./scope.js";

/** Makes one instance. */
export type Make = (frame: Frame) => unknown;

type Constructor = new (...args: readonly unknown[]) => object;

/** `new target(…)` on arguments that are always the same. Written out for the usual arities: spreading costs ten times as much. */
export function constructWith(target: Class, values: readonly unknown[]): Make {
  const C = target as unknown as Constructor;
  const [a, b, c, d] = values;
  switch (values.length) {
    case 0:
      return () => new C();
    case 1:
      return () => new C(a);
    case 2:
      return () => new C(a, b);
    case 3:
      return () => new C(a, b, c);
    case 4:
      return () => new C(a, b, c, d);
    default:
      return () => new C(...values);
  }
}

/** `new target(…)` on arguments that are made for each construction. */
export function constructFrom(target: Class, makes: readonly Make[]): Make {
  const C = target as unknown as Constructor;
  const [a, b, c, d] = makes as readonly [Make, Make, Make, Make];
  switch (makes.length) {
    case 1:
      return (frame) => new C(a(frame));
    case 2:
      return (frame) => new C(a(frame), b(frame));
    case 3:
      return (frame) => new C(a(frame), b(frame), c(frame));
    case 4:
      return (frame) => new C(a(frame), b(frame), c(frame), d(frame));
    default:
      return (frame) => new C(...makes.map((make) => make(frame)));
  }
}
