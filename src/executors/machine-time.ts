/** `performance.now()` counts from the start of each thread; `process.hrtime()` is the system's clock, the same for all. */
const offset = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/**
 * A time on the clock of `performance.now()`, by default the present one, on a clock that all threads and processes of the machine have:
 * what one writes another can compare. Milliseconds; never goes back.
 */
export function machineTime(now: number = performance.now()): number {
  return now + offset;
}
