/** What goes wrong with a broker, as failures. */
import { asFailure, Failure } from "../../../core/mod.ts";

/** Replies of AMQP that say what is wrong. */
const REPLY = {
  ACCESS_REFUSED: 403,
  NOT_FOUND: 404,
  RESOURCE_LOCKED: 405,
  PRECONDITION_FAILED: 406,
} as const;

/** The number of the reply that an error stands for, if it does. */
function replyOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "number" ? code : undefined;
}

/** The broker has it in another form than it was declared. */
export function isOtherwiseDeclared(error: unknown): boolean {
  return replyOf(error) === REPLY.PRECONDITION_FAILED;
}

/** Why there is no connection. `place` names the broker without credentials. */
export function connectFailure(error: unknown, place: string): Failure {
  if (error instanceof Failure) return error;
  const text = reasonOf(error);
  const fail = (kind: "PermissionDenied" | "Invalid" | "Unavailable", message: string, retryable: boolean) =>
    new Failure(kind, message, { retryable, cause: error });
  if (/\b403\b|ACCESS[-_]REFUSED/.test(text)) {
    return fail("PermissionDenied", `broker ${place} refuses these credentials: ${text}`, false);
  }
  if (/\b530\b|NOT[-_]ALLOWED|ConnectionClose/.test(text)) {
    return fail("PermissionDenied", `broker ${place} has no such vhost, or refuses it to this user`, false);
  }
  if (/SASL mechanism/.test(text)) return fail("Invalid", `broker ${place}: auth_mechanism: ${text}`, false);
  if (/certificate|CERT_|self.signed|SSL|TLS|UnknownIssuer|NotValidForName/i.test(text)) {
    return fail("Unavailable", `no secure connection to broker ${place}: ${text}`, false);
  }
  return fail("Unavailable", `broker ${place} is not reachable: ${text}`, true);
}

/** Why an operation on `what` failed. Without an answer of the broker it may be tried again. */
export function operationFailure(error: unknown, what: string): Failure {
  if (error instanceof Failure) return error;
  const text = reasonOf(error);
  const fail = (kind: Failure["kind"], retryable: boolean): Failure =>
    new Failure(kind, `${what}: ${text}`, { retryable, cause: error });
  switch (replyOf(error)) {
    case REPLY.NOT_FOUND:
      return fail("NotFound", false);
    case REPLY.PRECONDITION_FAILED:
      return fail("Conflict", false);
    case REPLY.RESOURCE_LOCKED:
      return fail("Conflict", true);
    case REPLY.ACCESS_REFUSED:
      return /exclusive/i.test(text) ? fail("Conflict", true) : fail("PermissionDenied", false);
  }
  if (/No channels left/.test(text)) return fail("LimitExceeded", true);
  // What the library says where no answer can come any more, or nothing can be sent.
  const isLost = replyOf(error) === undefined && /^(Channel|Connection) (ended|clos)/.test(text);
  return new Failure("Unavailable", `${what}: ${isLost ? "the connection to the broker was lost" : text}`, {
    retryable: true,
    cause: error,
  });
}

function reasonOf(error: unknown): string {
  const { message, cause } = asFailure(error);
  const { code, errors } = (cause ?? {}) as { code?: unknown; errors?: unknown };
  // Several addresses that were tried have a common error without a text.
  const first = Array.isArray(errors) && errors[0] instanceof Error ? errors[0].message : "";
  const text = message !== ""
    ? message
    : first !== ""
    ? first
    : typeof code === "string"
    ? code
    : "no reason given";
  return text.replaceAll("\n", " ");
}
