/** Types of WIT as data: what guests take and give. Plain, so that they can be told to a thread. */

/** Types that have no parts. */
export const PRIMITIVES = [
  "bool",
  "s8",
  "u8",
  "s16",
  "u16",
  "s32",
  "u32",
  "s64",
  "u64",
  "f32",
  "f64",
  "char",
  "string",
] as const;
/** A type without parts. */
export type Primitive = (typeof PRIMITIVES)[number];

/** A type of a parameter, a result, or a part of one. */
export type WitType =
  | { readonly kind: Primitive }
  | { readonly kind: "list" | "option"; readonly item: WitType }
  | { readonly kind: "result"; readonly ok: WitType | undefined; readonly error: WitType | undefined }
  | { readonly kind: "tuple"; readonly items: readonly WitType[] }
  | { readonly kind: "record"; readonly fields: readonly WitField[] }
  | { readonly kind: "enum"; readonly cases: readonly string[] }
  /** A choice, each with a value or without one; between guests and the host alone. */
  | { readonly kind: "variant"; readonly cases: readonly WitCase[] }
  /** Names, each there or not, 32 at most; between guests and the host alone. */
  | { readonly kind: "flags"; readonly names: readonly string[] }
  /** A resource of the host, owned or borrowed; between guests and the host alone. */
  | { readonly kind: "handle" };

/** A case of a variant. */
export interface WitCase {
  readonly name: string;
  readonly type: WitType | undefined;
}

/** A field of a record, or a parameter. */
export interface WitField {
  readonly name: string;
  readonly type: WitType;
}

/** What a function takes and gives. */
export interface WitFunction {
  readonly params: readonly WitField[];
  readonly result: WitType | undefined;
}

/** A type as it is written; records and enums by their parts. */
export function printType(type: WitType): string {
  switch (type.kind) {
    case "list":
    case "option":
      return `${type.kind}<${printType(type.item)}>`;
    case "result": {
      const { error, ok } = type;
      if (ok === undefined && error === undefined) return "result";
      const first = ok === undefined ? "_" : printType(ok);
      return error === undefined ? `result<${first}>` : `result<${first}, ${printType(error)}>`;
    }
    case "tuple":
      return `tuple<${type.items.map(printType).join(", ")}>`;
    case "record":
      return `record { ${type.fields.map(({ name, type }) => `${name}: ${printType(type)}`).join(", ")} }`;
    case "enum":
      return `enum { ${type.cases.join(", ")} }`;
    case "variant":
      return `variant { ${type.cases.map(({ name }) => name).join(", ")} }`;
    case "flags":
      return `flags { ${type.names.join(", ")} }`;
    default:
      return type.kind;
  }
}

/** Parts that a type may have, all in all: a few lines can make more than anybody could ever pass. */
const PARTS_MAX = 10_000;
const WEIGHTS = new WeakMap<WitType, number>();

function partsIn(type: WitType): readonly (WitType | undefined)[] {
  switch (type.kind) {
    case "list":
    case "option":
      return [type.item];
    case "result":
      return [type.ok, type.error];
    case "tuple":
      return type.items;
    case "record":
      return type.fields.map((field) => field.type);
    case "variant":
      return type.cases.map((one) => one.type);
    default:
      return [];
  }
}

/** Whether values of Lua stand for those of a type. */
export function hasLuaValues(type: WitType): boolean {
  if (type.kind === "variant" || type.kind === "flags" || type.kind === "handle") return false;
  return partsIn(type).every((part) => part === undefined || hasLuaValues(part));
}

/** Whether a type whose parts have been asked about is small enough to be used. */
export function isBounded(type: WitType): boolean {
  let weight = type.kind === "enum" || type.kind === "variant" ? type.cases.length : 1;
  for (const part of partsIn(type)) weight += part === undefined ? 0 : WEIGHTS.get(part) ?? 1;
  WEIGHTS.set(type, weight);
  return weight <= PARTS_MAX;
}
