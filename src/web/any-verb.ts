// Apart from verbs.ts, because handlers are loaded by workers, too.

/** The verb of a handler for all methods, registered or not, that it has no other verb for. */
export const anyVerb = Symbol("waterspout:any-verb");

/** Set on a class whose verbs take the request's body themselves, or not at all: it is not read for them. */
export const leavesBody = Symbol("waterspout:leaves-body");
