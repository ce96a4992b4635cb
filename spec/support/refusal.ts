/** The error with which a promise, or a function that makes one, rejects; fails when it does not. */
export async function refusal(work: Promise<unknown> | (() => unknown)): Promise<Error> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was expected to fail, and did not");
}
