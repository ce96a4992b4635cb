/** The last samples of a measurement, for percentiles that follow what happens now. Milliseconds. */
export class SampleWindow {
  readonly #samples: Float64Array;
  #count = 0;
  /** Of all samples that are kept: the mean is asked for with each task that is refused, when there is least time. */
  #sum = 0;

  /** @param size how many of the latest samples are kept. Default: 1,024. */
  constructor(size = 1024) {
    this.#samples = new Float64Array(size);
  }

  add(sample: number): void {
    const index = this.#count++ % this.#samples.length;
    this.#sum += sample - (this.#samples[index] ?? 0);
    this.#samples[index] = sample;
  }

  /** 0 while there is no sample. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / Math.min(this.#count, this.#samples.length);
  }

  summary(): Percentiles {
    const sorted = this.#held().toSorted();
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }

  #held(): Float64Array {
    return this.#samples.subarray(0, Math.min(this.#count, this.#samples.length));
  }
}

/** Milliseconds; 0 while nothing was measured. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}
