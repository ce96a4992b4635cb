/** Placeholder: replaced by the compile-time check. */
export type TypedMethodDecorator = (target: object, key: string, descriptor: PropertyDescriptor) => void;
