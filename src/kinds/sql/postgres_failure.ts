/** What Postgres and the way to it report, as failures. Nothing here names a password. */
import { Failure, type FailureKind } from "../../core/mod.ts";
import { connectionFailure } from "./connection_failure.ts";

/** The fields of a server's error that are of use. */
interface ServerError {
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
  readonly position?: string;
  readonly schema_name?: string;
  readonly table_name?: string;
  readonly column_name?: string;
  readonly constraint_name?: string;
}

/** Kinds by SQLSTATE, and by its class (two characters) for those not named; the flag says whether to try again. */
const KINDS = new Map<string, [FailureKind, boolean]>([
  ["08", ["Unavailable", true]],
  ["08P01", ["Invalid", false]],
  ["0A", ["Invalid", false]],
  ["0L", ["PermissionDenied", false]],
  ["0P", ["PermissionDenied", false]],
  ["21", ["Invalid", false]],
  ["22", ["Invalid", false]],
  ["23", ["Invalid", false]],
  ["23505", ["AlreadyExists", false]],
  ["23P01", ["AlreadyExists", false]],
  ["24", ["Invalid", false]],
  ["25", ["Invalid", false]],
  ["25006", ["PermissionDenied", false]],
  ["26", ["Invalid", false]],
  ["28", ["PermissionDenied", false]],
  ["2B", ["Invalid", false]],
  ["2D", ["Invalid", false]],
  ["34", ["Invalid", false]],
  ["3B", ["Invalid", false]],
  ["3D", ["NotFound", false]],
  ["3F", ["Invalid", false]],
  ["40", ["Conflict", true]],
  ["42", ["Invalid", false]],
  ["42501", ["PermissionDenied", false]],
  ["44", ["Invalid", false]],
  ["53", ["Unavailable", true]],
  ["54", ["LimitExceeded", false]],
  ["55", ["Invalid", false]],
  ["55006", ["Unavailable", true]],
  ["55P03", ["Unavailable", true]],
  ["57", ["Unavailable", true]],
  ["57014", ["Canceled", false]],
  ["57P04", ["NotFound", false]],
  ["P0", ["Invalid", false]],
]);

/** The failure behind an error of the library. `place` says where the server is. */
export function postgresFailure(error: unknown, place: string): Failure {
  if (error instanceof Failure) return error;
  const { code = "", message = "" } = error as ServerError;
  if (code === "MAX_PARAMETERS_EXCEEDED") {
    return new Failure("Invalid", "a statement can't have more than 65533 parameters", { retryable: false });
  }
  if (!/^[0-9A-Z]{5}$/.test(code) || /^E[A-Z]{4}$/.test(code)) return connectionFailure(error, place);
  if (code === "57014" && /timeout/.test(message)) return failure("Timeout", true, error as ServerError);
  const [kind, retryable] = KINDS.get(code) ?? KINDS.get(code.slice(0, 2)) ?? ["Internal", false];
  return failure(kind, retryable, error as ServerError);
}

function failure(kind: FailureKind, retryable: boolean, error: ServerError): Failure {
  const details: Record<string, unknown> = { code: error.code };
  const named = {
    hint: error.hint,
    position: error.position,
    schema: error.schema_name,
    table: error.table_name,
    column: error.column_name,
    constraint: error.constraint_name,
  };
  for (const [name, value] of Object.entries(named)) if (value !== undefined) details[name] = value;
  const hint = error.hint === undefined ? "" : ` (${error.hint})`;
  return new Failure(kind, `${error.message ?? "unknown error"}${hint}`, { retryable, details });
}
