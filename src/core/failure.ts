/**
 * The one error class of expected failures.
 *
 * Code branches on `kind`; `message` is for people. Kinds are the strings Lua sees (`errors.NOT_FOUND` is "NotFound").
 */

/** Error kinds, as their Lua-visible strings. `""` is UNKNOWN. */
export type FailureKind =
  | ""
  | "Invalid"
  | "NotFound"
  | "AlreadyExists"
  | "PermissionDenied"
  | "Timeout"
  | "Canceled"
  | "Unavailable"
  | "Internal"
  | "Conflict"
  | "RateLimited"
  | "LimitExceeded"
  | "InvalidState"
  | "Terminated"
  | "Exited";

/** Extra facts of a failure. `retryable: undefined` means unknown. */
export interface FailureOptions {
  retryable?: boolean;
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** An expected failure: reaches Lua as `nil, err`, the command line as one clear message. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly retryable: boolean | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(kind: FailureKind, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Failure";
    this.kind = kind;
    this.retryable = options.retryable;
    this.details = options.details;
  }
}

/** The failure inside `error`, or an Internal one wrapping it. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Failure("Internal", message, { cause: error });
}
