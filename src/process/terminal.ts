import { closeSync, constants, openSync } from "node:fs";

/** Whether this process has a controlling terminal at this moment. False on systems that know no such thing. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", constants.O_RDONLY | constants.O_NOCTTY));
    return true;
  } catch {
    return false;
  }
}
