/**
 * The canonical ABI of the component model, as far as functions of core modules need it: how values of WIT types lie in the memory of a
 * guest, and as which numbers of WebAssembly they are passed.
 */
import { Failure } from "../core/mod.ts";
import type { CoreType } from "./core_module.ts";
import type { Primitive, WitType } from "./wit_type.ts";

/** The memory of a guest. */
export interface GuestMemory {
  bytes(): DataView<ArrayBuffer>;
  /** A new block. */
  allocate(align: number, size: number): number;
  /** Whether bytes that it gives are told as such, not as lists of numbers. */
  readonly givesBytes?: boolean;
}

/** A number at the border of WebAssembly. */
export type CoreValue = number | bigint;

/** Bytes of types without parts. */
export const SIZES: Readonly<Record<Primitive, number>> = {
  bool: 1,
  s8: 1,
  u8: 1,
  s16: 2,
  u16: 2,
  s32: 4,
  u32: 4,
  s64: 8,
  u64: 8,
  f32: 4,
  f64: 8,
  char: 4,
  string: 8,
};

/** The cases of what is stored as a number and, for some numbers, a value. */
export function casesOf(type: WitType): readonly (WitType | undefined)[] | undefined {
  if (type.kind === "option") return [undefined, type.item];
  if (type.kind === "result") return [type.ok, type.error];
  if (type.kind === "enum") return type.cases.map(() => undefined);
  if (type.kind === "variant") return type.cases.map((one) => one.type);
  return undefined;
}

/** Bytes of a type that is one number; undefined for anything else. */
export function numberBytes(type: WitType): number | undefined {
  if (type.kind === "handle") return 4;
  if (type.kind === "flags") return type.names.length <= 8 ? 1 : type.names.length <= 16 ? 2 : 4;
  return SIZES[type.kind as Primitive];
}

/** The types that a record or tuple is made of; undefined for anything else. */
export function partsOf(type: WitType): readonly WitType[] | undefined {
  if (type.kind === "record") return type.fields.map((field) => field.type);
  if (type.kind === "tuple") return type.items;
  return undefined;
}

/** Bytes of the number that says which case it is. */
export function caseBytes(count: number): number {
  return count <= 256 ? 1 : count <= 65536 ? 2 : 4;
}

/** How values of a type are laid out. */
interface Layout {
  readonly align: number;
  readonly size: number;
  readonly flat: readonly CoreType[];
}

const LAYOUTS = new WeakMap<WitType, Layout>();

function layoutOf(type: WitType): Layout {
  let layout = LAYOUTS.get(type);
  if (layout === undefined) {
    layout = { align: computeAlign(type), size: computeSize(type), flat: computeFlat(type) };
    LAYOUTS.set(type, layout);
  }
  return layout;
}

/** What the place of a value is a multiple of. */
export function alignOf(type: WitType): number {
  return layoutOf(type).align;
}

/** Bytes that a value takes, without what it points at. */
export function sizeOf(type: WitType): number {
  return layoutOf(type).size;
}

/** The numbers that a value is passed as. */
export function flatTypes(type: WitType): readonly CoreType[] {
  return layoutOf(type).flat;
}

function computeAlign(type: WitType): number {
  const parts = partsOf(type);
  if (parts !== undefined) return Math.max(...parts.map(alignOf));
  const cases = casesOf(type);
  if (cases !== undefined) {
    return Math.max(caseBytes(cases.length), ...cases.map((item) => item === undefined ? 1 : alignOf(item)));
  }
  return type.kind === "list" || type.kind === "string" ? 4 : numberBytes(type)!;
}

/** The next multiple of `align`. */
export function aligned(at: number, align: number): number {
  return Math.ceil(at / align) * align;
}

/** Where the value of a case stands. */
export function payloadOffset(cases: readonly (WitType | undefined)[]): number {
  return aligned(
    caseBytes(cases.length),
    Math.max(...cases.map((item) => item === undefined ? 1 : alignOf(item))),
  );
}

function computeSize(type: WitType): number {
  const parts = partsOf(type);
  if (parts !== undefined) {
    let size = 0;
    for (const part of parts) size = aligned(size, alignOf(part)) + sizeOf(part);
    return aligned(size, computeAlign(type));
  }
  const cases = casesOf(type);
  if (cases !== undefined) {
    const largest = Math.max(...cases.map((item) => item === undefined ? 0 : sizeOf(item)));
    return aligned(payloadOffset(cases) + largest, computeAlign(type));
  }
  return type.kind === "list" ? 8 : numberBytes(type)!;
}

function joined(a: CoreType, b: CoreType): CoreType {
  if (a === b) return a;
  return (a === "i32" && b === "f32") || (a === "f32" && b === "i32") ? "i32" : "i64";
}

function computeFlat(type: WitType): CoreType[] {
  const parts = partsOf(type);
  if (parts !== undefined) return parts.flatMap(flatTypes);
  const cases = casesOf(type);
  if (cases !== undefined) {
    const all: CoreType[] = [];
    for (const item of cases) {
      const flat = item === undefined ? [] : flatTypes(item);
      for (const [i, one] of flat.entries()) all[i] = all[i] === undefined ? one : joined(all[i], one);
    }
    return ["i32", ...all];
  }
  switch (type.kind) {
    case "list":
    case "string":
      return ["i32", "i32"];
    case "s64":
    case "u64":
      return ["i64"];
    case "f32":
    case "f64":
      return [type.kind];
    default:
      return ["i32"];
  }
}

/** The memory, in which `[at, at + size)` lies. */
export function room(guest: GuestMemory, at: number, size: number): DataView<ArrayBuffer> {
  const view = guest.bytes();
  if (at + size > view.byteLength) throw outside(at, size);
  return view;
}

function outside(at: number, size: number): Failure {
  return new Failure("Internal", `the guest names ${size} bytes at ${at}, which are not in its memory`, {
    retryable: false,
  });
}

const BITS = new DataView(new ArrayBuffer(8));

/** A number in the place of one of another type, by its bits. */
export function widened(value: CoreValue, from: CoreType, to: CoreType): CoreValue {
  if (from === to) return value;
  BITS.setBigUint64(0, 0n, true);
  if (from === "f32") BITS.setFloat32(0, value as number, true);
  else if (from === "f64") BITS.setFloat64(0, value as number, true);
  else BITS.setUint32(0, (value as number) >>> 0, true);
  return to === "i32" ? BITS.getInt32(0, true) : BITS.getBigInt64(0, true);
}

/** The number of type `to` behind one that was widened. */
export function narrowed(value: CoreValue, from: CoreType, to: CoreType): CoreValue {
  if (from === to) return value;
  if (from === "i64") BITS.setBigInt64(0, value as bigint, true);
  else BITS.setInt32(0, value as number, true);
  if (to === "f32") return BITS.getFloat32(0, true);
  if (to === "f64") return BITS.getFloat64(0, true);
  return BITS.getInt32(0, true);
}
