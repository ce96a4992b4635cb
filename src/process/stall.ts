import type { Socket } from "node:net";

/** The descriptor on which a child's watchdog writes and the primary reads, behind those of Node itself. */
export const stallDescriptor = 5;

/** What a child's watchdog tells the primary of an event loop that does not turn. */
export interface StallReport {
  /** How long it has not turned, at least. Milliseconds. */
  readonly duration: number;
  /**
   * Where it is, the innermost call first, each line as `name (file:line:column)`. Null when JavaScript could not be
   * interrupted: the loop is in native code, or in a call of the system.
   */
  readonly stack: readonly string[] | null;
}

/** A report as one line, to be written at once. */
export function encodeStall(report: StallReport): string {
  return `${JSON.stringify(report)}\n`;
}

/** Calls back for each report that comes through; what is none is passed over. */
export function readStalls(stream: Socket, callback: (report: StallReport) => void): void {
  let rest = "";
  // What a child has started may hold the other end for longer than the child lives.
  stream.setEncoding("utf8").unref();
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const report = decodeStall(line);
      if (report !== undefined) callback(report);
    }
  });
  // The child ends whenever it does: nothing that is missing here is missed.
  stream.on("error", () => {});
}

function decodeStall(line: string): StallReport | undefined {
  try {
    const report: unknown = JSON.parse(line);
    return isStall(report) ? report : undefined;
  } catch {
    return undefined;
  }
}

function isStall(value: unknown): value is StallReport {
  if (typeof value !== "object" || value === null || !("duration" in value) || !("stack" in value)) return false;
  const { duration, stack } = value;
  if (typeof duration !== "number") return false;
  return stack === null || (Array.isArray(stack) && stack.every((line) => typeof line === "string"));
}

/** For the log. */
export function describeStall({ duration, stack }: StallReport): string {
  const where =
    stack === null
      ? ", in native code or in a call of the system"
      : ` in${stack.map((line) => `\n    at ${line}`).join("")}`;
  return `its event loop has stood still for ${duration / 1000} s${where}`;
}
