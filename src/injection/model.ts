import type { Class } from "../concurrent.js";

/** What the container knows of tsyringe's registrations, in words of its own: nothing below this file sees tsyringe's types. */

/** What tsyringe's `delay()` returns. Known by its shape, because tsyringe does not export the class. */
export interface Delayed {
  createProxy(make: (target: Class) => object): object;
}

export type Token = Class | string | symbol | Delayed;

/** How long an instance lives: anew for each injection, per handler construction, per request, or with the application. */
export type Lifetime = "transient" | "singleton" | "resolution" | "request";

export type Provider =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "factory"; readonly make: () => unknown }
  | { readonly kind: "class"; readonly target: Class | Delayed }
  | { readonly kind: "token"; readonly token: Token };

/** One registration. Its identity is the identity of the singleton or the request's slot that comes of it. */
export interface Registration {
  readonly token: Token;
  readonly lifetime: Lifetime;
  readonly provider: Provider;
}

export function isDelayed(value: unknown): value is Delayed {
  return typeof value === "object" && value !== null && "createProxy" in value;
}

/** The class behind a `delay()`; undefined when its module has not been evaluated yet. */
export function targetOf(delayed: Delayed): unknown {
  let found: unknown;
  const probe = delayed.createProxy((target) => {
    found = target;
    return {};
  });
  // Any look at the proxy makes it call the wrapped function, which tsyringe keeps private.
  void ("probe" in probe);
  return found;
}

/** How a token is written in messages: `Clock`, `"config"`, `Symbol(config)`, `delay(() => Clock)`. */
export function nameOf(token: unknown): string {
  if (typeof token === "function") return token.name || "(anonymous class)";
  if (isDelayed(token)) return `delay(() => ${nameOf(targetOf(token))})`;
  return typeof token === "string" ? JSON.stringify(token) : String(token);
}
