import { type ErrorDetails, InjectionError } from "../errors.js";

/** The way from the class that is planned to the place under consideration, one line per step. */
export class Path {
  readonly #subject: string;
  readonly #steps: readonly string[];

  constructor(subject: string, steps: readonly string[] = []) {
    this.#subject = subject;
    this.#steps = steps;
  }

  /** This way and one step, or several, further. */
  to(...steps: readonly string[]): Path {
    return new Path(this.#subject, [...this.#steps, ...steps]);
  }

  /** The error for a fault at the end of the way: what is wrong, the way, and what to do. */
  fault(problem: string, remedy: string, details?: ErrorDetails): InjectionError {
    const way = this.#steps.map((step) => `  ${step}`);
    return new InjectionError(
      [`${this.#subject} cannot be constructed: ${problem}.`, ...way, remedy].join("\n"),
      details,
    );
  }
}
