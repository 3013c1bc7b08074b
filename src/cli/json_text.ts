/** Plain data as JSON text and back, without losing whole numbers beyond 2^53. */
import type { Value } from "../core/mod.ts";

/** JSON of plain data: bytes as base64, missing values as null, big whole numbers in full. */
export function printJson(value: Value, indent: 0 | 2 = 2): string {
  return print(value, indent, "");
}

function print(value: Value, indent: number, margin: string): string {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return JSON.stringify(value.toBase64());
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const isList = Array.isArray(value);
  const inner = margin + " ".repeat(indent);
  const items = isList ? Array.from(value, (item) => print(item, indent, inner)) : Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .map((key) => `${JSON.stringify(key)}:${indent === 0 ? "" : " "}${print(value[key], indent, inner)}`);
  const [open, close] = isList ? "[]" : "{}";
  if (items.length === 0) return `${open}${close}`;
  if (indent === 0) return `${open}${items.join(",")}${close}`;
  return `${open}\n${items.map((item) => inner + item).join(",\n")}\n${margin}${close}`;
}

/** The value of JSON text; undefined when it is none. Whole numbers beyond 2^53 become bigint. */
export function readJson(text: string): { value: Value } | undefined {
  try {
    return { value: JSON.parse(text, exactNumber) as Value };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function exactNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) return value;
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}
