/** What is wrong with an expression, and where. */
import { Failure } from "../core/mod.ts";

/** A mistake in an expression, or one met while it ran. Becomes a Failure where the source is known. */
export class Problem extends Error {
  /** Offset in the source, -1 when it has no place. */
  readonly at: number;

  constructor(message: string, at = -1) {
    super(message);
    this.name = "Problem";
    this.at = at;
  }
}

/** The Internal failure of a problem, with line and column. */
export function failureOf(problem: Problem, source: string): Failure {
  if (problem.at < 0) return new Failure("Internal", problem.message, { retryable: false });
  const before = source.slice(0, problem.at);
  const line = before.split("\n").length;
  const column = problem.at - before.lastIndexOf("\n");
  return new Failure("Internal", `${problem.message} (${line}:${column})`, { retryable: false });
}
