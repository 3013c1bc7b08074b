/** What is wrong with a template, and where. */

/** Where something stands in a template. */
export interface Place {
  readonly template: string;
  /** From 1. */
  readonly line: number;
}

/** A mistake in a template, or one met while it was rendered. `try` catches it unless a limit was reached. */
export class TemplateProblem extends Error {
  readonly place: Place | undefined;
  readonly isLimit: boolean;

  constructor(message: string, place?: Place, isLimit = false) {
    super(message);
    this.name = "TemplateProblem";
    this.place = place;
    this.isLimit = isLimit;
  }
}

/** The text of a problem with its place; `fallback` is where it happened when it does not say. */
export function describe(problem: TemplateProblem, fallback?: Place): string {
  const place = problem.place ?? fallback;
  return place === undefined
    ? problem.message
    : `template "${place.template}", line ${place.line}: ${problem.message}`;
}
