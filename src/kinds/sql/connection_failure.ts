/** What goes wrong on the way to a database server. */
import { Failure } from "../../core/mod.ts";

const REASONS: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "connection refused"],
  ["ENOTFOUND", "the host name is unknown"],
  ["EAI_AGAIN", "the host name can't be resolved now"],
  ["EHOSTUNREACH", "no route to the host"],
  ["ENETUNREACH", "no route to the network"],
  ["ENOENT", "there is no such socket"],
  ["ECONNRESET", "the connection was reset"],
  ["EPIPE", "the connection was closed"],
  ["CONNECTION_CLOSED", "the connection was closed"],
  ["CONNECTION_ENDED", "the connection was closed"],
  ["CONNECTION_DESTROYED", "the connection was closed"],
  ["PROTOCOL_CONNECTION_LOST", "the connection was closed"],
  ["ECONNABORTED", "the connection was closed"],
]);
const TIMEOUTS: readonly string[] = ["CONNECT_TIMEOUT", "ETIMEDOUT", "ETIMEOUT"];

/** A failure of the connection to the server at `place`, which must not hold a password. */
export function connectionFailure(error: unknown, place: string): Failure {
  const { code = "", message = "" } = error as { code?: string; message?: string };
  if (TIMEOUTS.includes(code)) {
    return new Failure("Timeout", `the database server at ${place} does not answer`, { retryable: true });
  }
  const reason = REASONS.get(code);
  if (reason !== undefined) {
    return new Failure("Unavailable", `the database server at ${place} can't be reached: ${reason}`, {
      retryable: true,
    });
  }
  if (/CERT|SSL|TLS|SELF_SIGNED|ERR_TLS|UNABLE_TO/.test(code)) {
    return new Failure("Unavailable", `no secure connection to ${place}: ${message || code}`, {
      retryable: false,
    });
  }
  return new Failure("Internal", `the connection to ${place} failed: ${message || code || String(error)}`, {
    retryable: false,
  });
}
