/**
 * `performance.now()` counts from the start of each thread; `process.hrtime()` is the system's clock, the same for all. A pause
 * between the two readings, milliseconds at times, makes the difference too small: the greatest of a few is the right one.
 */
const offset = Math.max(...Array.from({ length: 3 }, difference));

/**
 * A time on the clock of `performance.now()`, by default the present one, on a clock that all threads and processes of the machine have:
 * what one writes another can compare. Milliseconds; never goes back.
 */
export function machineTime(now: number = performance.now()): number {
  return now + offset;
}

function difference(): number {
  return Number(process.hrtime.bigint()) / 1e6 - performance.now();
}
