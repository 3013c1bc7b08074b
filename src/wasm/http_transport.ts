/**
 * The transport `wasi-http`: a request is the argument of a guest, and what it gives is the answer.
 *
 * A text or a list of bytes is the body as it is; any other argument is read from JSON, and any other result is written as JSON.
 */
import { Failure, HTTP_BODY_BYTES_MAX, HTTP_BODY_TIMEOUT_MS } from "../core/mod.ts";
import type { HttpExchange } from "../ports/mod.ts";
import type { WitFunction, WitType } from "./wit_type.ts";

function isBytes(type: WitType): boolean {
  return type.kind === "list" && type.item.kind === "u8";
}

/** The arguments of a guest for a request. Fails with Invalid when the body is not what the guest takes. */
export async function requestArguments(exchange: HttpExchange, { params }: WitFunction): Promise<unknown[]> {
  const type = params[0]?.type;
  if (type === undefined) return [];
  const body = await exchange.body({ bytesMax: HTTP_BODY_BYTES_MAX, timeoutMs: HTTP_BODY_TIMEOUT_MS });
  // The exchange may use its buffer again.
  if (isBytes(type)) return [body.slice()];
  const text = new TextDecoder().decode(body);
  if (type.kind === "string") return [text];
  try {
    return [JSON.parse(text)];
  } catch {
    throw new Failure("Invalid", "the body of the request is no JSON", { retryable: false });
  }
}

/** Writes what a guest gave as the answer. */
export async function answer(exchange: HttpExchange, { result }: WitFunction, value: unknown): Promise<void> {
  const type = result?.kind === "result" ? result.ok : result;
  if (type === undefined) return;
  const { response } = exchange;
  if (type.kind === "string") {
    response.setContentType("text/plain; charset=utf-8");
    await response.write(String(value));
  } else if (isBytes(type)) {
    response.setContentType("application/octet-stream");
    await response.write(Uint8Array.from(value as number[]));
  } else {
    response.setContentType("application/json");
    await response.write(JSON.stringify(value, (_, item) => typeof item === "bigint" ? String(item) : item));
  }
}
