/** What a piscina worker written by hand looks like. */
export async function nothing(value: number): Promise<number> {
  return value;
}
