/**
 * A number from the command line.
 *
 * @param name what the usage calls it.
 * @param otherwise what counts where it was left out.
 * @throws Error on anything else than a positive integer: as NaN it would make a run that never ends, or one that does nothing.
 * @example
 * const requests = positiveInteger("requests", process.argv[2], 300_000);
 */
export function positiveInteger(name: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`<${name}> must be a positive integer, not ${JSON.stringify(given)}`);
}
