import { basename, extname } from "node:path";
import { taskId } from "./role.js";

/** What a program is called in `ps` unless it says so itself: its file without folder and extension. */
export function programName(file = process.argv[1] ?? ""): string {
  return basename(file, extname(file));
}

/**
 * Names this process in `ps`: `waterspout: shop (primary)`, `waterspout: shop (child 2)`. An empty title leaves it as it is.
 * The system cuts the name off where the command line ended that the process was started with.
 */
export function nameProcess(title = programName()): void {
  if (title === "") return;
  const id = taskId();
  process.title = `waterspout: ${title} (${id === null ? "primary" : `child ${id}`})`;
}
