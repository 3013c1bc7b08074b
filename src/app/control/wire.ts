/**
 * How requests and answers look on the control connection: one JSON text per line.
 *
 * W1. What JSON can't say is written as `{"$bytes": base64}` and `{"$integer": digits}`; a map with a key that begins with `$`
 *     gets a second one there, so that it can't be mistaken.
 * W2. A line longer than `LINE_BYTES_MAX` ends the connection.
 */
import {
  Failure,
  type FailureKind,
  isValueMap,
  joinBytes,
  type Value,
  type ValueMap,
} from "../../core/mod.ts";

/** Longest line either side takes, in bytes. */
export const LINE_BYTES_MAX = 64 * 1024 * 1024;

/** What is asked. */
export interface ControlRequest {
  readonly id: number;
  readonly operation: string;
  readonly arguments: ValueMap;
}

/** What is answered. */
export type ControlAnswer =
  & { readonly id: number }
  & (
    | { readonly ok: true; readonly result: Value }
    | { readonly ok: false; readonly failure: Failure }
  );

const ENCODER = new TextEncoder();

/** A request as a line. */
export function encodeRequest(request: ControlRequest): Uint8Array {
  return line({ id: request.id, operation: request.operation, arguments: toJson(request.arguments) });
}

/** An answer as a line. */
export function encodeAnswer(answer: ControlAnswer): Uint8Array {
  if (answer.ok) return line({ id: answer.id, result: toJson(answer.result) ?? null });
  const { kind, message, retryable, details } = answer.failure;
  return line({ id: answer.id, error: { kind, message, retryable, details: toJson(details as Value) } });
}

/** The request in a line; Invalid when it is none. */
export function decodeRequest(text: string): ControlRequest {
  const value = parse(text);
  const { id, operation } = value;
  const given = fromJson(value["arguments"]);
  if (typeof id !== "number" || typeof operation !== "string") {
    throw new Failure("Invalid", "a request needs an id and an operation");
  }
  return { id, operation, arguments: isValueMap(given) ? given : {} };
}

/** The answer in a line; Invalid when it is none. */
export function decodeAnswer(text: string): ControlAnswer {
  const value = parse(text);
  const { id, error } = value;
  if (typeof id !== "number") throw new Failure("Invalid", "an answer needs an id");
  if (!isValueMap(error)) return { id, ok: true, result: fromJson(value["result"]) };
  const details = fromJson(error["details"]);
  return {
    id,
    ok: false,
    failure: new Failure(String(error["kind"] ?? "") as FailureKind, String(error["message"] ?? ""), {
      retryable: typeof error["retryable"] === "boolean" ? error["retryable"] : undefined,
      details: isValueMap(details) ? details : undefined,
    }),
  };
}

function line(value: unknown): Uint8Array {
  return ENCODER.encode(`${JSON.stringify(value)}\n`);
}

function parse(text: string): ValueMap {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Failure("Invalid", "a line on the control connection is not JSON", { cause: error });
  }
  if (!isValueMap(value)) throw new Failure("Invalid", "a line on the control connection is no JSON object");
  return value;
}

/** `value` in JSON's terms. */
export function toJson(value: Value): unknown {
  if (typeof value === "bigint") return { $integer: String(value) };
  if (typeof value === "number" && !Number.isFinite(value)) return { $float: String(value) };
  if (value instanceof Uint8Array) return { $bytes: base64(value) };
  if (Array.isArray(value)) return value.map((item) => toJson(item) ?? null);
  if (!isValueMap(value)) return value;
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    result[key.startsWith("$") ? `$${key}` : key] = toJson(item);
  }
  return result;
}

/** The value that `toJson` wrote. */
export function fromJson(json: unknown): Value {
  if (Array.isArray(json)) return json.map(fromJson);
  if (!isValueMap(json)) return json as Value;
  const { $bytes, $float, $integer } = json;
  if (typeof $integer === "string") return BigInt($integer);
  if (typeof $float === "string") return Number($float);
  if (typeof $bytes === "string") return Uint8Array.from(atob($bytes), (char) => char.charCodeAt(0));
  const result: ValueMap = {};
  for (const [key, item] of Object.entries(json)) {
    result[key.startsWith("$$") ? key.slice(1) : key] = fromJson(item);
  }
  return result;
}

const CHUNK_BYTES = 8192;

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES));
  }
  return btoa(text);
}

/** Cuts a stream of bytes into lines. */
export class LineReader {
  readonly #line: (text: string) => void;
  #parts: Uint8Array[] = [];
  #held = 0;

  constructor(line: (text: string) => void) {
    this.#line = line;
  }

  /** Takes bytes; false once a line is too long. */
  push(data: Uint8Array): boolean {
    let from = 0;
    for (;;) {
      const at = data.indexOf(10, from);
      const part = data.subarray(from, at < 0 ? data.length : at);
      this.#held += part.length;
      if (this.#held > LINE_BYTES_MAX) return false;
      // A copy: the buffer may be used again by whoever read it.
      if (part.length > 0) this.#parts.push(at < 0 ? part.slice() : part);
      if (at < 0) return true;
      const text = this.#text();
      from = at + 1;
      if (text.trim() !== "") this.#line(text);
    }
  }

  #text(): string {
    const joined = joinBytes(this.#parts);
    this.#parts = [];
    this.#held = 0;
    return new TextDecoder().decode(joined);
  }
}
