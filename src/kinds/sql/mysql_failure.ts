/** What MySQL and MariaDB and the way to them report, as failures. Nothing here names a password. */
import { Failure, type FailureKind } from "../../core/mod.ts";
import { connectionFailure } from "./connection_failure.ts";

/** An error of the library: of the server when it has a number. */
interface ServerError {
  readonly errno?: number;
  readonly code?: string;
  readonly sqlState?: string;
  readonly message?: string;
  readonly fatal?: boolean;
}

/** Kinds by the server's error number; the flag says whether to try again. */
const KINDS = new Map<number, [FailureKind, boolean]>();
for (
  const [kind, retryable, numbers] of [
    ["AlreadyExists", false, [1022, 1062, 1169, 1586, 1859]],
    ["Conflict", true, [1020, 1213]],
    ["Timeout", true, [1205, 1969, 3024, 4031]],
    ["Canceled", false, [1317]],
    ["NotFound", false, [1049]],
    ["PermissionDenied", false, [1044, 1045, 1142, 1143, 1227, 1290, 1370, 1698, 1792, 1820, 1836]],
    ["Unavailable", true, [1040, 1053, 1077, 1129, 1130, 1152, 1158, 1159, 1160, 1161, 1203, 1226, 1927]],
    ["LimitExceeded", false, [1114, 1118, 1153, 1301, 1461]],
  ] as const satisfies readonly [FailureKind, boolean, readonly number[]][]
) for (const number of numbers) KINDS.set(number, [kind, retryable]);

/** Kinds by the class of the SQLSTATE, for numbers that have none of their own. */
const CLASSES: Readonly<Record<string, [FailureKind, boolean]>> = {
  "07": ["Invalid", false],
  "08": ["Unavailable", true],
  "0A": ["Invalid", false],
  "21": ["Invalid", false],
  "22": ["Invalid", false],
  "23": ["Invalid", false],
  "25": ["Invalid", false],
  "28": ["PermissionDenied", false],
  "40": ["Conflict", true],
  "42": ["Invalid", false],
  "44": ["Invalid", false],
  "45": ["Invalid", false],
};
/** Mistakes in a statement that have the state for anything (HY000) alone. */
const INVALID = new Set([
  1048,
  1193,
  1210,
  1231,
  1232,
  1238,
  1292,
  1364,
  1366,
  1367,
  1525,
  1568,
  3140,
  3141,
  3819,
]);

/** The failure behind an error of the library. `place` says where the server is. */
export function mysqlFailure(error: unknown, place: string): Failure {
  if (error instanceof Failure) return error;
  const { errno, sqlState, message = "", code } = error as ServerError;
  if (errno === undefined || sqlState === undefined) return connectionFailure(error, place);
  const [kind, retryable] = KINDS.get(errno) ??
    (INVALID.has(errno) ? ["Invalid", false] as const : CLASSES[sqlState.slice(0, 2)]) ?? ["Internal", false];
  return new Failure(kind, message, { retryable, details: { code: sqlState, number: errno, name: code } });
}
