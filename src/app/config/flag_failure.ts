/** Failures that a command-line flag is to blame for: `details.flag` names it. */
import { Failure, type FailureKind } from "../../core/mod.ts";

/** A failure whose message begins with the flag and what was typed behind it. */
export function flagFailure(kind: FailureKind, flag: string, rest: string): Failure {
  return new Failure(kind, `${flag} ${rest}`, { retryable: false, details: { flag } });
}
