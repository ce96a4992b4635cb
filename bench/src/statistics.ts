import type { Ratio } from "./work.js";

/** NaN for an empty list. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** How the figures of one subject compare with those of another, of the same rounds. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): Ratio {
  const ratios = ours.map((figure, round) => figure / (theirs[round] ?? Number.NaN));
  return {
    median: median(ratios),
    from: Math.min(...ratios),
    to: Math.max(...ratios),
    ofLeast: Math.min(...ours) / Math.min(...theirs),
  };
}

/** The figure that so many of a hundred do not exceed. */
export function percentile(figures: readonly number[], percent: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? Number.NaN;
}
