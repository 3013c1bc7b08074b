/** Failures of AWS's services, and of the way there, as the rest of the program knows them. */
import { Failure } from "../../core/mod.ts";

/** What the library tells of a refusal. */
interface ServiceError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** A refusal of a service: its code, its words, the status of the answer (0: there was none). */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

/** The failure of ours that the library has wrapped, if any. */
function innerFailure(error: unknown): Failure | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof Failure) return cause;
  }
  return undefined;
}

/** What a service said. */
export function refusalOf(error: unknown): Refusal {
  const { $metadata, message, name } = (error ?? {}) as ServiceError;
  return {
    code: String(name ?? "Error"),
    message: String(message ?? ""),
    status: $metadata?.httpStatusCode ?? 0,
  };
}

/**
 * `error`, thrown while `what` was done. Failures that are the caller's own pass; that he has gone is Canceled; all others are
 * Internal and final, since the library has tried again by then.
 */
export function awsFailure(what: string, error: unknown, signal?: AbortSignal): Failure {
  if (signal?.aborted) {
    return new Failure("Canceled", `${what}: canceled`, { retryable: false, cause: error });
  }
  const inner = innerFailure(error);
  if (inner !== undefined && inner.retryable !== true) return inner;
  const { code, message, status } = refusalOf(error);
  const said = status === 0 || code === "Error" ? message : message === "" ? code : `${code}: ${message}`;
  return new Failure("Internal", `${what}: ${said === "" ? code : said}`, {
    retryable: false,
    details: status === 0 ? { code } : { code, status },
    cause: error,
  });
}

/** Whether a failure of `awsFailure` means that no service answered. */
export function isOutOfReach({ details, kind }: Failure): boolean {
  return kind === "Internal" && details?.["code"] !== undefined && details["status"] === undefined;
}
