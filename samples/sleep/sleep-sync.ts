import { define } from "waterspout";

const step = define("step", {
  type: "duration",
  default: 1000,
  help: "how long a second of this program lasts, for example 100ms",
});

const never = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the calling thread, and with it its event loop, for `milliseconds` of the program's own time. */
export function sleepSync(milliseconds: number): void {
  Atomics.wait(never, 0, 0, (milliseconds * step.value) / 1000);
}
