/**
 * What guests give on its way to Lua. Nothing of it is trusted: cases, characters and places in memory are checked.
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
  narrowed,
  numberBytes,
  partsOf,
  payloadOffset,
  room,
  sizeOf,
  SIZES,
} from "./abi_layout.ts";
import { type Primitive, printType, type WitType } from "./wit_type.ts";

/** How a result that is no success is told: whatever it holds. */
export class GuestError {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

function ofInteger(type: WitType, raw: bigint): unknown {
  switch (type.kind) {
    case "bool":
      return raw !== 0n;
    case "char": {
      if (raw > 0x10ffffn || raw >= 0xd800n && raw < 0xe000n) {
        throw new Failure("Internal", `the guest gave ${raw}, which is no character`, { retryable: false });
      }
      return String.fromCodePoint(Number(raw));
    }
  }
  if (type.kind === "flags") return type.names.filter((_, i) => (raw >> BigInt(i)) % 2n === 1n);
  if (type.kind === "handle") return Number(BigInt.asUintN(32, raw));
  const bits = SIZES[type.kind as Primitive] * 8;
  const value = type.kind.startsWith("s") ? BigInt.asIntN(bits, raw) : BigInt.asUintN(bits, raw);
  // What Lua has no integer for is a number all the same.
  if (value > 2n ** 63n - 1n) return Number(value);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** The value of case `index`, which `inner` reads. */
function ofCase(type: WitType, index: number, inner: (item: WitType | undefined) => unknown): unknown {
  const cases = casesOf(type)!;
  if (index >= cases.length) {
    throw new Failure("Internal", `the guest gave case ${index} of ${printType(type)}`, { retryable: false });
  }
  const value = inner(cases[index]);
  if (type.kind === "enum") return type.cases[index];
  if (type.kind === "variant") return { tag: type.cases[index]!.name, value: inside(value) };
  if (type.kind === "option") return index === 0 ? null : value;
  return index === 0 ? value ?? null : new GuestError(value ?? null);
}

function ofParts(type: WitType, part: (type: WitType) => unknown): unknown {
  if (type.kind === "tuple") return type.items.map(part);
  const record: Record<string, unknown> = Object.create(null);
  if (type.kind === "record") {
    for (const field of type.fields) {
      record[field.name] = inside(part(field.type));
    }
  }
  return record;
}

/** An error somewhere inside of a value, where it can't be the error of the call. */
function inside(value: unknown): unknown {
  return value instanceof GuestError ? { err: value.value } : value;
}

function loadSequence(guest: GuestMemory, type: WitType, at: number, count: number): unknown {
  const size = type.kind === "list" ? sizeOf(type.item) : 1;
  const view = room(guest, at, size * count);
  if (type.kind === "list" && type.item.kind === "u8" && guest.givesBytes === true) {
    return new Uint8Array(view.buffer.slice(at, at + count));
  }
  if (type.kind !== "list") return new TextDecoder().decode(new Uint8Array(view.buffer, at, count));
  const items: unknown[] = [];
  for (let i = 0; i < count; i++) items.push(inside(load(guest, type.item, at + i * size)));
  return items;
}

/** Reads a value from the memory of the guest. */
export function load(guest: GuestMemory, type: WitType, at: number): unknown {
  const view = room(guest, at, sizeOf(type));
  const cases = casesOf(type);
  if (cases !== undefined) {
    const index = Number(readInteger(view, caseBytes(cases.length), at));
    const start = at + payloadOffset(cases);
    return ofCase(type, index, (item) => item === undefined ? undefined : load(guest, item, start));
  }
  if (partsOf(type) !== undefined) {
    let offset = 0;
    return ofParts(type, (part) => {
      const start = aligned(offset, alignOf(part));
      offset = start + sizeOf(part);
      return load(guest, part, at + start);
    });
  }
  if (type.kind === "list" || type.kind === "string") {
    return loadSequence(guest, type, view.getUint32(at, true), view.getUint32(at + 4, true));
  }
  if (type.kind === "f32") return view.getFloat32(at, true);
  if (type.kind === "f64") return view.getFloat64(at, true);
  return ofInteger(type, readInteger(view, numberBytes(type)!, at));
}

function readInteger(view: DataView, size: number, at: number): bigint {
  if (size === 8) return view.getBigUint64(at, true);
  return BigInt(
    size === 4 ? view.getUint32(at, true) : size === 2 ? view.getUint16(at, true) : view.getUint8(at),
  );
}

/** A value from numbers of WebAssembly, taken from the front of `values`. */
export function lift(guest: GuestMemory, type: WitType, values: CoreValue[]): unknown {
  const cases = casesOf(type);
  if (cases !== undefined) {
    const flat = flatTypes(type);
    const [index, ...all] = values.splice(0, flat.length);
    return ofCase(type, Number(index) >>> 0, (item) => {
      if (item === undefined) return undefined;
      const own = flatTypes(item);
      return lift(guest, item, own.map((one, i) => narrowed(all[i]!, flat[i + 1]!, one)));
    });
  }
  if (partsOf(type) !== undefined) return ofParts(type, (part) => lift(guest, part, values));
  const first = values.shift()!;
  if (type.kind === "list" || type.kind === "string") {
    return loadSequence(guest, type, Number(first) >>> 0, Number(values.shift()!) >>> 0);
  }
  if (type.kind === "f32" || type.kind === "f64") return first;
  return ofInteger(type, typeof first === "bigint" ? first : BigInt.asUintN(32, BigInt(first)));
}
