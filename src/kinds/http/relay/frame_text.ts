/** Payloads as JSON for clients. */
import type { Value } from "../../../core/mod.ts";

/** JSON of plain data: bytes as base64, what has no JSON form as null. */
export function jsonText(payload: Value): string {
  return JSON.stringify(payload, jsonForm) ?? "null";
}

function jsonForm(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return base64(value);
  // Clients that read numbers as doubles would get another number.
  if (typeof value === "bigint") return String(value);
  return value;
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** The frame that carries one payload to a WebSocket client. */
export function frameText(topic: string, payload: Value): string {
  return `{"data":${jsonText(payload)},"topic":${JSON.stringify(topic)}}`;
}
