type Members = Record<PropertyKey, unknown>;

/**
 * Stands for an object that is made at the first use of any of its members.
 *
 * Methods run on the object itself, not on the proxy, unlike those of tsyringe's own: a `#private` field is not there on
 * a proxy, and the calls of a decorated method are bound to the object.
 */
export function lateBound(make: () => unknown): object {
  let made: Members | undefined;
  const real = (): Members => (made ??= Object(make()) as Members);
  const bound = new WeakMap<object, unknown>();
  return new Proxy(
    {},
    {
      get: (_, key) => memberOf(real(), key, bound),
      set: (_, key, value) => {
        real()[key] = value;
        return true;
      },
      has: (_, key) => key in real(),
      deleteProperty: (_, key) => delete real()[key],
      getPrototypeOf: () => Object.getPrototypeOf(real()) as object | null,
      ownKeys: () => [...Object.getOwnPropertyNames(real()), ...Object.getOwnPropertySymbols(real())],
      getOwnPropertyDescriptor: (_, key) => describe(real(), key),
      defineProperty: (_, key, descriptor) => Boolean(Object.defineProperty(real(), key, descriptor)),
    },
  );
}

function memberOf(object: Members, key: PropertyKey, bound: WeakMap<object, unknown>): unknown {
  const member = object[key];
  if (typeof member !== "function" || key === "constructor" || Object.hasOwn(object, key)) return member;
  // Remembered, so that a method is the same function each time it is read.
  if (!bound.has(member)) bound.set(member, member.bind(object));
  return bound.get(member);
}

/** A proxy may only report a property as configurable that its own target does not have. */
function describe(object: Members, key: PropertyKey): PropertyDescriptor | undefined {
  const descriptor = Object.getOwnPropertyDescriptor(object, key);
  return descriptor && { ...descriptor, configurable: true };
}
