/**
 * Values of Postgres. Parameters are sent as texts whose type the server decides on, so that an integer fits a column of any
 * numeric type; only bytes differ by the column they are for.
 */
import { Failure, type Value } from "../../core/mod.ts";
import { dateOf, plainParam } from "./server_values.ts";

/** Numbers of types in Postgres's catalogue. */
const OID = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  oid: 26,
  json: 114,
  float4: 700,
  float8: 701,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  jsonb: 3802,
};

/** Bytes for a parameter; what they become depends on the type that the server wants. */
class Bytes {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** For a column of any type but `bytea`. */
  toString(): string {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(this.bytes);
    } catch {
      throw new Failure("Invalid", "a parameter that is not UTF-8 needs a column of type bytea", {
        retryable: false,
      });
    }
  }
}

/** A parameter as the library takes it: null, a text, or bytes. */
export function postgresParam(value: Value): string | Bytes | null {
  const plain = plainParam(value);
  if (plain === null) return null;
  return plain instanceof Uint8Array ? new Bytes(plain) : String(plain);
}

/** Bytes as the server prints them, in hexadecimal unless `bytea_output` says otherwise. */
function bytesOf(text: string): Uint8Array {
  if (text.startsWith("\\x")) return Uint8Array.fromHex(text.slice(2));
  const plain = text.replaceAll(
    /\\(\\|[0-7]{3})/g,
    (_, what: string) => what === "\\" ? what : String.fromCharCode(parseInt(what, 8)),
  );
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}

/** How columns are read and typed parameters written; it replaces what the library would do, type by type. */
export const COLUMN_TYPES = {
  string: { to: OID.text, from: [], serialize: String, parse: String },
  number: {
    to: 0,
    from: [OID.int2, OID.int4, OID.int8, OID.oid],
    serialize: String,
    parse: BigInt,
  },
  // `Infinity`, `-Infinity` and `NaN` read the same in both languages.
  float: { to: OID.float8, from: [OID.float4, OID.float8], serialize: String, parse: Number },
  json: { to: OID.json, from: [OID.json, OID.jsonb], serialize: String, parse: String },
  boolean: { to: OID.bool, from: [OID.bool], serialize: String, parse: (text: string) => text === "t" },
  date: {
    to: OID.timestamptz,
    from: [OID.date, OID.timestamp, OID.timestamptz],
    serialize: String,
    parse: dateOf,
  },
  bytea: {
    to: OID.bytea,
    from: [OID.bytea],
    serialize: (value: string | Bytes) =>
      `\\x${(value instanceof Bytes ? value.bytes : new TextEncoder().encode(value)).toHex()}`,
    parse: bytesOf,
  },
};
