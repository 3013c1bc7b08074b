/** Refusals of S3: missing objects and conditions that don't hold are told apart, all others are Internal. */
import { Failure } from "../../core/mod.ts";
import { awsFailure, refusalOf } from "../aws/failure.ts";

const NOT_FOUND = 404;
/** What is missing when it is not the object. */
const OTHERS_MISSING = new Set(["NoSuchBucket", "NoSuchUpload"]);
const NOT_MODIFIED = 304;
const PRECONDITION_FAILED = 412;
/** Somebody else wrote the object while a conditional write was under way. */
const CONDITIONAL_CONFLICT = "ConditionalRequestConflict";

/** `error`, thrown while `what` was done with an object. */
export function s3Failure(what: string, error: unknown, signal?: AbortSignal): Failure {
  const { code, status } = refusalOf(error);
  const facts = { retryable: false, details: { code, status }, cause: error };
  if (status === NOT_FOUND && !OTHERS_MISSING.has(code)) return new Failure("NotFound", "not_found", facts);
  if (status === PRECONDITION_FAILED || status === NOT_MODIFIED || code === CONDITIONAL_CONFLICT) {
    return new Failure("Conflict", "precondition_failed", facts);
  }
  return awsFailure(what, error, signal);
}
