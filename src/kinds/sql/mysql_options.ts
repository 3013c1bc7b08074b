/** Options of a `db.sql.mysql` entry: those of the connection by their usual names, all others variables of the session. */
import type { ConnectionOptions } from "mysql2";
import { Failure, parseDurationNs } from "../../core/mod.ts";

/** Options that ask for what happens anyway, or that name how another program reads values. */
const WITHOUT_EFFECT = new Set([
  "allowNativePasswords",
  "checkConnLiveness",
  "interpolateParams",
  "parseTime",
  "rejectReadOnly",
]);

/** What a session is opened with. */
export interface MysqlOptions {
  readonly options: ConnectionOptions;
  /** A statement that sets variables. */
  readonly variables: string;
  /** Goes on in plain text with a server that can't do otherwise. */
  readonly isTlsOptional: boolean;
  /** Longest wait for an answer; 0 any. */
  readonly readTimeoutMs: number;
}

/** Fails with Invalid and names the option. */
export function mysqlOptions(given: Readonly<Record<string, string>>): MysqlOptions {
  const options: ConnectionOptions = {};
  const variables = new Map([["time_zone", "+00:00"]]);
  let readTimeoutMs = 0;
  const flags = ["-LOCAL_FILES", "-FOUND_ROWS"];
  for (const [name, value] of Object.entries(given)) {
    if (WITHOUT_EFFECT.has(name)) continue;
    switch (name) {
      case "charset":
        options.charset = value.split(",")[0]!.trim();
        break;
      case "collation":
        variables.set("collation_connection", value);
        break;
      case "timeout":
        options.connectTimeout = milliseconds(name, value);
        break;
      case "readTimeout":
        readTimeoutMs = milliseconds(name, value);
        break;
      case "writeTimeout":
        // A server that takes nothing does not answer either.
        milliseconds(name, value);
        break;
      case "tls":
        options.ssl = secure(value);
        break;
      case "loc":
        // Date and time columns are texts in UTC, whatever the zone of the machine.
        break;
      case "clientFoundRows":
        if (isTrue(name, value)) flags.splice(flags.indexOf("-FOUND_ROWS"), 1);
        break;
      case "multiStatements":
        options.multipleStatements = isTrue(name, value);
        break;
      default:
        if (!/^[A-Za-z_]\w*$/.test(name)) throw invalid(name, "a name of letters, digits and _", name);
        variables.set(name, value);
    }
  }
  options.flags = flags;
  const isTlsOptional = given["tls"] === "preferred";
  return { options, variables: setting(variables), isTlsOptional, readTimeoutMs };
}

function setting(variables: ReadonlyMap<string, string>): string {
  const parts = [...variables].map(([name, value]) => {
    const plain = value.replace(/^'(.*)'$/s, "$1");
    const isNumber = plain === value && /^-?\d+(\.\d+)?$/.test(plain);
    return `\`${name}\` = ${isNumber ? plain : `'${plain.replaceAll(/['\\]/g, "\\$&")}'`}`;
  });
  return `SET ${parts.join(", ")}`;
}

function secure(value: string): ConnectionOptions["ssl"] {
  switch (value) {
    case "true":
      return { verifyIdentity: true };
    case "skip-verify":
    case "preferred":
      return { rejectUnauthorized: false };
    case "false":
      return undefined;
    default:
      throw invalid("tls", "true, false, skip-verify or preferred", value);
  }
}

function isTrue(name: string, value: string): boolean {
  if (value !== "true" && value !== "false") throw invalid(name, "true or false", value);
  return value === "true";
}

function milliseconds(name: string, value: string): number {
  const ns = parseDurationNs(value);
  if (ns === undefined || ns < 0) throw invalid(name, "a duration such as 30s", value);
  return ns / 1e6;
}

function invalid(name: string, wanted: string, got: string): Failure {
  return new Failure("Invalid", `options.${name}: expected ${wanted}, got "${got}"`, { retryable: false });
}
