/** The options of a connection, from Lua's table to checked values. */
import {
  Failure,
  parseDurationNs,
  WEBSOCKET_CHANNEL_CAPACITY,
  WEBSOCKET_DIAL_TIMEOUT_MS,
  WEBSOCKET_MESSAGE_BYTES_MAX,
} from "../../src/core/mod.ts";
import type { WebSocketCompression } from "../../src/ports/mod.ts";
import { LuaFloat, type LuaValue } from "../../src/vm/mod.ts";

/** Checked options; a timeout of 0 is none. */
export interface ConnectOptions {
  readonly headers: readonly (readonly [string, string])[];
  readonly protocols: readonly string[];
  readonly dialTimeoutMs: number;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly compression: WebSocketCompression;
  readonly compressionThresholdBytes: number;
  readonly messageBytesMax: number;
  readonly channelCapacity: number;
}

const MIB = 1024 * 1024;
const THRESHOLD_BYTES = 1024;
const COMPRESSIONS: readonly WebSocketCompression[] = ["none", "context", "message"];
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

type Fields = { [name: string]: LuaValue };

function invalid(name: string, expected: string): Failure {
  return new Failure("Invalid", `invalid option ${name}: ${expected}`, { retryable: false });
}

/** The options in a Lua value. */
export function readOptions(value: LuaValue): ConnectOptions {
  const fields = fieldsOf(value, "options");
  return {
    headers: headersOf(fields),
    protocols: protocolsOf(fields["protocols"]),
    dialTimeoutMs: timeoutMs(fields, "dial_timeout") || WEBSOCKET_DIAL_TIMEOUT_MS,
    readTimeoutMs: timeoutMs(fields, "read_timeout"),
    writeTimeoutMs: timeoutMs(fields, "write_timeout"),
    compression: COMPRESSIONS[integerOf(fields, "compression", 0, 0, 2)]!,
    compressionThresholdBytes: integerOf(fields, "compression_threshold", THRESHOLD_BYTES, 0, 100 * MIB),
    messageBytesMax: integerOf(fields, "read_limit", 0, 0, 128 * MIB) || WEBSOCKET_MESSAGE_BYTES_MAX,
    channelCapacity: integerOf(fields, "channel_capacity", WEBSOCKET_CHANNEL_CAPACITY, 1, 10_000),
  };
}

function fieldsOf(value: LuaValue, name: string): Fields {
  if (value === null || value === undefined || Array.isArray(value) && value.length === 0) return {};
  if (typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) {
    throw invalid(name, "a table with names as keys");
  }
  return value as Fields;
}

function integerOf(fields: Fields, name: string, absent: number, min: number, max: number): number {
  const value = fields[name];
  if (value === null || value === undefined) return absent;
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
    throw invalid(name, `a whole number from ${min} to ${max}`);
  }
  return value;
}

function timeoutMs(fields: Fields, name: string): number {
  const value = fields[name];
  if (value === null || value === undefined) return 0;
  const number = value instanceof LuaFloat ? value.value : value;
  const ms = typeof number === "number"
    ? number
    : typeof number === "string"
    ? (parseDurationNs(number) ?? NaN) / 1e6
    : NaN;
  if (!(ms >= 0)) throw invalid(name, 'milliseconds or a duration such as "5s"');
  return ms;
}

function headersOf(fields: Fields): [string, string][] {
  return Object.entries(fieldsOf(fields["headers"], "headers")).map(([name, value]) => {
    const text = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    // deno-lint-ignore no-control-regex
    if (typeof text !== "string" || /[\x00-\x08\x0a-\x1f\x7f]/.test(text)) {
      throw invalid(`headers.${name}`, "text without control characters");
    }
    if (!TOKEN.test(name)) throw invalid("headers", `${JSON.stringify(name)} is no name`);
    return [name, text];
  });
}

function protocolsOf(value: LuaValue): string[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value) || value.some((item) => typeof item !== "string" || !TOKEN.test(item))) {
    throw invalid("protocols", "a list of names");
  }
  return [...new Set(value as string[])];
}
