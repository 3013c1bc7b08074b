/**
 * Bodies of messages as bytes, for drivers whose messages leave the runtime.
 *
 * B1. What can't be written is refused with Invalid before anything is sent; nothing is silently replaced.
 * B2. A body that can't be read fails with Invalid: it will never be readable, so a driver must not offer it again for ever.
 */
import type { decode, encode } from "@msgpack/msgpack";
import { Failure, isValueMap, type Value } from "../../core/mod.ts";
import { luaOfMsgpack, msgpackForm } from "../../lua/mod.ts";
import type { QueueCodec } from "../../ports/mod.ts";

import { LuaFloat, type LuaValue } from "../../vm/mod.ts";
import { exactNumber } from "../exact_number.ts";

/** Deepest nesting of a body. */
const DEPTH_MAX = 128;
/** Texts in which every number reads the same as Lua has it. */
const HAS_SPECIAL_NUMBERS = /[.eE]|\d{16}/;

const JSON_CODEC: QueueCodec = {
  name: "json/plain",
  contentType: "application/json",
  encode: (body) => new TextEncoder().encode(printBody(body, 0)),
  decode(bytes) {
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      return HAS_SPECIAL_NUMBERS.test(text)
        ? JSON.parse(
          text,
          (_key, value: unknown, context?: { source?: string }) =>
            typeof value === "number" ? exactNumber(value, context?.source) : value,
        )
        : JSON.parse(text);
    } catch (cause) {
      throw unreadable("JSON", cause);
    }
  },
};

/** The codec of that name in entries; MessagePack is loaded when first used. */
export function bodyCodec(name: string): QueueCodec | Promise<QueueCodec> {
  switch (name) {
    case "json/plain":
    case "json":
    case "application/json":
      return JSON_CODEC;
    case "application/msgpack":
      return import("@msgpack/msgpack").then(msgpackCodec);
  }
  throw new Failure("Invalid", `unknown payload codec: ${name}`, { retryable: false });
}

function msgpackCodec(library: { encode: typeof encode; decode: typeof decode }): QueueCodec {
  return {
    name: "application/msgpack",
    contentType: "application/msgpack",
    encode(body) {
      try {
        const form = msgpackForm(body as LuaValue);
        // The library writes it but refuses to read it.
        if (hasPrototypeKey(form)) throw unwritable("MessagePack has no key __proto__ here");
        return library.encode(form, {
          useBigInt64: true,
          ignoreUndefined: true,
          maxDepth: DEPTH_MAX,
        });
      } catch (cause) {
        throw cause instanceof Failure ? cause : unwritable((cause as Error).message);
      }
    },
    decode(bytes) {
      try {
        return luaOfMsgpack(library.decode(bytes, { useBigInt64: true })) as Value;
      } catch (cause) {
        throw unreadable("MessagePack", cause);
      }
    },
  };
}

function hasPrototypeKey(value: Value): boolean {
  if (Array.isArray(value)) return value.some(hasPrototypeKey);
  return isValueMap(value) &&
    Object.keys(value).some((key) => key === "__proto__" || hasPrototypeKey(value[key]));
}

/** JSON by the rules of the `json` module. */
function printBody(value: unknown, depth: number): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "bigint":
      return String(value);
    case "number":
      return Number.isFinite(value) ? String(value) : "null";
    case "object":
      if (value !== null) break;
      return "null";
    default:
      return "null";
  }
  if (depth > DEPTH_MAX) throw unwritable("it is nested too deep");
  if (Array.isArray(value)) return `[${value.map((item) => printBody(item, depth + 1)).join(",")}]`;
  if (value instanceof LuaFloat) return printBody(value.value, depth);
  if (value instanceof Uint8Array) {
    throw unwritable("it holds bytes that are no UTF-8 text; the codec application/msgpack carries them");
  }
  if (value instanceof Map) throw unwritable(keysOf(value));
  if (Object.getPrototypeOf(value) !== Object.prototype) return "null";
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${printBody(item, depth + 1)}`).join(",")}}`;
}

/** What is wrong with a table that is neither list nor map. */
function keysOf(table: Map<unknown, unknown>): string {
  const isSparse = [...table.keys()].every((key) => typeof key === "number");
  return isSparse ? "it holds a list with holes" : "it holds a table with other keys than text or 1..n";
}

function unwritable(why: string): Failure {
  return new Failure("Invalid", `message data can't be encoded: ${why}`, { retryable: false });
}

function unreadable(form: string, cause: unknown): Failure {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Failure("Invalid", `message body is no ${form}: ${why}`, { retryable: false, cause });
}
