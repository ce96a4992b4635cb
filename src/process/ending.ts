/** How a child ended. */
export type ChildEnding =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "not forked"; readonly error: Error };

/** What of a child tells what its end means. */
export interface EndedChild {
  readonly wasReady: boolean;
  readonly bootFailure: string | undefined;
}

/** Reads what Node gives of an exit: one of the two. */
export function endingOf(status: number | null, signal: string | null): ChildEnding {
  return signal === null ? { kind: "exited", status: status ?? 1 } : { kind: "killed", signal };
}

/** A child that exits 0 has done what it had to do: it stays down, as in Tornado. */
export function isClean(child: EndedChild, ending: ChildEnding): boolean {
  return ending.kind === "exited" && ending.status === 0 && child.bootFailure === undefined;
}

/** A child that has served is to end by itself; one that has no handler for the signal is ended by it. */
export function isDrained(child: EndedChild, ending: ChildEnding): boolean {
  if (!child.wasReady || isClean(child, ending)) return true;
  return ending.kind === "killed" && ["SIGTERM", "SIGINT"].includes(ending.signal);
}

/** True for a fork that the system had no room for: it may have at the next attempt, whatever the program is. */
export function isShortage(ending: ChildEnding): boolean {
  if (ending.kind !== "not forked") return false;
  const { code = "" } = ending.error as NodeJS.ErrnoException;
  return ["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"].includes(code);
}

/** The end in words, to be read after the child's name. */
export function describeEnding(child: EndedChild, ending: ChildEnding): string {
  if (child.bootFailure !== undefined) return describeBootFailure(child);
  if (ending.kind === "not forked") return `could not be forked: ${ending.error.message}`;
  return ending.kind === "killed" ? `killed by signal ${ending.signal}` : `exited with status ${ending.status}`;
}

/** Why a child could not start, to be read after its name. */
export function describeBootFailure({ bootFailure = "the reason is not known" }: EndedChild): string {
  return `could not start: ${bootFailure}`;
}
