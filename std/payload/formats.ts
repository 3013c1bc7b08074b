/** Payload formats and the ways between them. Everything goes through the Lua value. */
import { decode, encode } from "@msgpack/msgpack";
import { Failure } from "../../src/core/mod.ts";
import { luaOfMsgpack, msgpackForm, plainValue } from "../../src/lua/mod.ts";
import { LuaError, LuaFloat, LuaPayload, type LuaValue, type Universe } from "../../src/vm/mod.ts";
import { parseYaml, printYaml } from "../yaml/text.ts";
import { FORMATS } from "./format_names.ts";

const UTF8 = new TextEncoder();

function failed(cause: unknown): Failure {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Failure("Internal", "transcode failed", { retryable: false, details: { reason }, cause });
}

function bytesOf(value: LuaValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return UTF8.encode(value);
  throw new Error("the payload holds no text");
}

function textOf(value: LuaValue): string {
  return typeof value === "string" ? value : new TextDecoder("utf-8", { fatal: true }).decode(bytesOf(value));
}

/** The Lua value of a payload. Fails with Internal `transcode failed`. */
export function valueOf(universe: Universe, payload: LuaPayload): LuaValue {
  try {
    return decodeFormat(universe, payload);
  } catch (error) {
    throw failed(error);
  }
}

function decodeFormat(universe: Universe, { format, value }: LuaPayload): LuaValue {
  switch (format) {
    case FORMATS.JSON:
      return universe.decode(universe.decodeJson(bytesOf(value)), true)[0];
    case FORMATS.YAML:
      return parseYaml(textOf(value));
    case FORMATS.MSGPACK:
      return luaOfMsgpack(decode(bytesOf(value), { useBigInt64: true }));
    case FORMATS.LUA:
    case FORMATS.GOLANG:
    case FORMATS.ERROR:
    case FORMATS.STRING:
    case FORMATS.BYTES:
      return value;
    default:
      throw new Error(`unknown format ${format}`);
  }
}

/** A payload of another format. Fails with Internal `transcode failed`. */
export function transcode(universe: Universe, payload: LuaPayload, format: string): LuaPayload {
  if (payload.format === format) return payload;
  try {
    return new LuaPayload(format, encodeFormat(universe, decodeFormat(universe, payload), format));
  } catch (error) {
    throw failed(error);
  }
}

function encodeFormat(universe: Universe, value: LuaValue, format: string): LuaValue {
  switch (format) {
    case FORMATS.JSON:
      return universe.encodeJson(value);
    case FORMATS.YAML:
      return printYaml(plainValue(value));
    case FORMATS.MSGPACK:
      return encode(msgpackForm(value), { useBigInt64: true, ignoreUndefined: true });
    case FORMATS.STRING:
    case FORMATS.BYTES:
      return scalarText(value);
    case FORMATS.LUA:
    case FORMATS.GOLANG:
      return value;
    case FORMATS.ERROR:
      if (value instanceof LuaError) return value;
      if (typeof value === "string") return new LuaError(value, "Internal", false);
      throw new Error("the payload holds no error");
    default:
      throw new Error(`unknown format ${format}`);
  }
}

function scalarText(value: LuaValue): LuaValue {
  if (typeof value === "string" || value instanceof Uint8Array) return value;
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    return String(value);
  }
  if (value instanceof LuaFloat) return String(value.value);
  if (value instanceof LuaError) return value.message;
  throw new Error("the payload holds no text");
}
