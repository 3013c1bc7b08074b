/**
 * Values of Lua on their way into a guest.
 *
 * LO1. A refused value is named by its place, as `argument 1.tags[2]`.
 */
import { Failure } from "../core/mod.ts";
import {
  aligned,
  alignOf,
  caseBytes,
  casesOf,
  type CoreValue,
  flatTypes,
  type GuestMemory,
  numberBytes,
  partsOf,
  payloadOffset,
  room,
  sizeOf,
  widened,
} from "./abi_layout.ts";
import type { CoreType } from "./core_module.ts";
import type { Variant } from "./wasi/host.ts";
import { printType, type WitType } from "./wit_type.ts";

/** Smallest and largest of the integers. */
const RANGES: Partial<Record<string, readonly [bigint, bigint]>> = {
  s8: [-128n, 127n],
  u8: [0n, 255n],
  s16: [-32768n, 32767n],
  u16: [0n, 65535n],
  s32: [-(2n ** 31n), 2n ** 31n - 1n],
  u32: [0n, 2n ** 32n - 1n],
  s64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
};

function refused(where: string, type: WitType, value: unknown): Failure {
  const shown = value === null || value === undefined
    ? "nil"
    : typeof value === "string"
    ? `"${value.length > 40 ? `${value.slice(0, 40)}...` : value}"`
    : typeof value === "object"
    ? "a table"
    : String(value);
  return new Failure("Invalid", `${where}: expected ${printType(type)}, got ${shown}`, { retryable: false });
}

/** A value of Lua as the integer that stands for it. */
function integerOf(type: WitType, value: unknown, where: string): bigint {
  if (type.kind === "bool") {
    if (typeof value === "boolean") return value ? 1n : 0n;
    throw refused(where, type, value);
  }
  if (type.kind === "char") {
    if (typeof value === "string" && [...value].length === 1) return BigInt(value.codePointAt(0)!);
    throw refused(where, type, value);
  }
  if (type.kind === "flags") {
    return type.names.reduce(
      (all, name, i) => (value as string[]).includes(name) ? all | 1n << BigInt(i) : all,
      0n,
    );
  }
  const [least, most] = RANGES[type.kind === "handle" ? "u32" : type.kind]!;
  let integer: bigint;
  if (typeof value === "bigint") integer = value;
  else if (typeof value === "number" && Number.isInteger(value)) integer = BigInt(value);
  else if (typeof value === "string" && /^\s*-?\d+\s*$/.test(value)) integer = BigInt(value.trim());
  else throw refused(where, type, value);
  if (integer < least || integer > most) throw refused(where, type, value);
  return integer;
}

function floatOf(type: WitType, value: unknown, where: string): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value))) return Number(value);
  throw refused(where, type, value);
}

/** Number of the case and its value. */
function caseOf(type: WitType, value: unknown, where: string): [number, unknown] {
  if (type.kind === "option") return value === null || value === undefined ? [0, undefined] : [1, value];
  if (type.kind === "enum") {
    const index = type.cases.indexOf(value as string);
    if (index < 0) throw refused(where, type, value);
    return [index, undefined];
  }
  if (type.kind === "variant") {
    const { tag, value: inner } = value as Variant;
    return [type.cases.findIndex(({ name }) => name === tag), inner];
  }
  const { err, ok } = (typeof value === "object" && value !== null ? value : {}) as {
    ok?: unknown;
    err?: unknown;
  };
  if (err !== undefined && err !== null) return [1, err];
  if (ok !== undefined || type.kind === "result" && type.ok === undefined) return [0, ok];
  throw refused(where, type, value);
}

/** Values of the parts of a record or tuple, each with its place. */
function partValues(type: WitType, value: unknown, where: string): [WitType, unknown, string][] {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) {
    throw refused(where, type, value);
  }
  if (type.kind === "tuple") {
    if (!Array.isArray(value) || value.length !== type.items.length) throw refused(where, type, value);
    return type.items.map((item, i) => [item, value[i], `${where}[${i + 1}]`]);
  }
  if (type.kind !== "record" || Array.isArray(value) && value.length > 0) throw refused(where, type, value);
  const get = value instanceof Map
    ? (key: string) => value.get(key)
    : (key: string) => (value as Record<string, unknown>)[key];
  return type.fields.map(({ name, type }) => [
    type,
    get(name) ?? get(name.replaceAll("-", "_")),
    `${where}.${name}`,
  ]);
}

/** Bytes of a text, or items of a list, in the memory of the guest: where, and how many. */
function storeSequence(guest: GuestMemory, type: WitType, value: unknown, where: string): [number, number] {
  if (type.kind === "string" || type.kind === "list" && type.item.kind === "u8" && !Array.isArray(value)) {
    const bytes = typeof value === "string"
      ? new TextEncoder().encode(value)
      : value instanceof Uint8Array && type.kind === "list"
      ? value
      : type.kind === "string" && (typeof value === "number" || typeof value === "bigint")
      ? new TextEncoder().encode(String(value))
      : undefined;
    if (bytes !== undefined) {
      const at = guest.allocate(1, bytes.length);
      const view = room(guest, at, bytes.length);
      new Uint8Array(view.buffer, at, bytes.length).set(bytes);
      return [at, bytes.length];
    }
  }
  const isEmptyTable = typeof value === "object" && value !== null && Object.keys(value).length === 0;
  const items = Array.isArray(value) ? value : isEmptyTable && !(value instanceof Map) ? [] : undefined;
  if (type.kind !== "list" || items === undefined) throw refused(where, type, value);
  const size = sizeOf(type.item);
  const at = guest.allocate(alignOf(type.item), size * items.length);
  room(guest, at, size * items.length);
  for (const [i, item] of items.entries()) store(guest, type.item, item, at + i * size, `${where}[${i + 1}]`);
  return [at, items.length];
}

/** Writes a value into the memory of the guest. */
export function store(guest: GuestMemory, type: WitType, value: unknown, at: number, where: string): void {
  const cases = casesOf(type);
  if (cases !== undefined) {
    const [index, inner] = caseOf(type, value, where);
    writeInteger(guest, caseBytes(cases.length), at, BigInt(index));
    const item = cases[index];
    if (item !== undefined) store(guest, item, inner, at + payloadOffset(cases), where);
    return;
  }
  if (partsOf(type) !== undefined) {
    let offset = 0;
    for (const [part, inner, place] of partValues(type, value, where)) {
      offset = aligned(offset, alignOf(part));
      store(guest, part, inner, at + offset, place);
      offset += sizeOf(part);
    }
    return;
  }
  if (type.kind === "list" || type.kind === "string") {
    const [start, count] = storeSequence(guest, type, value, where);
    writeInteger(guest, 4, at, BigInt(start));
    writeInteger(guest, 4, at + 4, BigInt(count));
  } else if (type.kind === "f32") room(guest, at, 4).setFloat32(at, floatOf(type, value, where), true);
  else if (type.kind === "f64") room(guest, at, 8).setFloat64(at, floatOf(type, value, where), true);
  else writeInteger(guest, numberBytes(type)!, at, integerOf(type, value, where));
}

function writeInteger(guest: GuestMemory, size: number, at: number, value: bigint): void {
  const view = room(guest, at, size);
  if (size === 8) view.setBigUint64(at, BigInt.asUintN(64, value), true);
  else if (size === 4) view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
  else if (size === 2) view.setUint16(at, Number(BigInt.asUintN(16, value)), true);
  else view.setUint8(at, Number(BigInt.asUintN(8, value)));
}

/** A value as numbers of WebAssembly. */
export function lower(guest: GuestMemory, type: WitType, value: unknown, where: string): CoreValue[] {
  const cases = casesOf(type);
  if (cases !== undefined) {
    const [index, inner] = caseOf(type, value, where);
    const item = cases[index];
    const flat = flatTypes(type);
    const own = item === undefined ? [] : flatTypes(item);
    const values = item === undefined ? [] : lower(guest, item, inner, where);
    return [
      index,
      ...flat.slice(1).map((wanted, i) =>
        i < values.length ? widened(values[i]!, own[i]!, wanted) : zero(wanted)
      ),
    ];
  }
  if (partsOf(type) !== undefined) {
    return partValues(type, value, where).flatMap(([part, inner, place]) => lower(guest, part, inner, place));
  }
  switch (type.kind) {
    case "list":
    case "string":
      return storeSequence(guest, type, value, where);
    case "f32":
    case "f64":
      return [floatOf(type, value, where)];
    case "s64":
    case "u64":
      return [BigInt.asIntN(64, integerOf(type, value, where))];
    default:
      return [Number(BigInt.asIntN(32, integerOf(type, value, where)))];
  }
}

function zero(type: CoreType): CoreValue {
  return type === "i64" ? 0n : 0;
}
