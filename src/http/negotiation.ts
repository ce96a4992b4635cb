import type NegotiatorClass from "negotiator";
import { library } from "../on-demand.js";

const Negotiator = library<typeof NegotiatorClass>("negotiator");

/** Which of the types `Accept` prefers; undefined when it wants none of them. The first wins where it does not care. */
export function preferredType<T extends string>(accept: string, types: readonly T[]): T | undefined {
  return new Negotiator({ headers: { accept } }).mediaType([...types]) as T | undefined;
}

/**
 * The content codings that `Accept-Encoding` accepts, by its q-values, those of equal weight in the order given. `identity`,
 * the body as it is, stands among them unless it is refused, and last of its weight.
 *
 * @example acceptedEncodings("gzip;q=0.5, br", ["br", "gzip"]); // ["br", "gzip", "identity"]
 */
export function acceptedEncodings<T extends string>(
  acceptEncoding: string,
  available: readonly T[],
): readonly (T | "identity")[] {
  const known = [...available, "identity"];
  // The types of the library leave its second parameter out.
  const negotiator = new Negotiator({ headers: { "accept-encoding": acceptEncoding } }) as unknown as Encodings;
  return negotiator.encodings(known, { preferred: known }) as (T | "identity")[];
}

interface Encodings {
  encodings(available: readonly string[], options: { readonly preferred: readonly string[] }): string[];
}
