/** Types of components in the binary format, as types of WIT. */
import { type BinaryReader, unreadable } from "./binary_reader.ts";
import { isBounded, PRIMITIVES, type WitField, type WitFunction, type WitType } from "./wit_type.ts";

/** A type that a component defines; `other` for those that no value of Lua stands for. */
export type ComponentType =
  | { readonly kind: "value"; readonly type: WitType }
  | { readonly kind: "func"; readonly signature: WitFunction }
  | {
    readonly kind: "instance";
    readonly exports: ReadonlyMap<string, ComponentType>;
    /** Its functions; undefined for those whose types are not supported. */
    readonly functions: ReadonlyMap<string, WitFunction | undefined>;
  }
  | { readonly kind: "other"; readonly what: string };

type Lookup = (index: number) => ComponentType;

const BOOL_CODE = 0x7f;
/** More make several numbers. */
const FLAGS_MAX = 32;
const OTHER = (what: string): ComponentType => ({ kind: "other", what });

/** Reads a primitive or the index of a type; undefined for one that is not supported. */
export function readValueType(reader: BinaryReader, lookup: Lookup): WitType | undefined {
  const code = reader.signed();
  if (code < 0) {
    const primitive = PRIMITIVES[BOOL_CODE - (code & 0x7f)];
    return primitive === undefined ? undefined : { kind: primitive };
  }
  const type = lookup(code);
  return type.kind === "value" ? type.type : undefined;
}

function optional(reader: BinaryReader, lookup: Lookup): { isThere: boolean; type: WitType | undefined } {
  const isThere = reader.byte() === 1;
  return { isThere, type: isThere ? readValueType(reader, lookup) : undefined };
}

function whole<T>(items: readonly (T | undefined)[]): items is readonly T[] {
  return !items.includes(undefined);
}

function readFields(reader: BinaryReader, lookup: Lookup): WitField[] | undefined {
  const fields = reader.list(() => {
    const name = reader.name();
    const type = readValueType(reader, lookup);
    return type === undefined ? undefined : { name, type };
  });
  return whole(fields) ? [...fields] : undefined;
}

/** A type that is made of others; `code` has been read. */
function readDefined(reader: BinaryReader, code: number, lookup: Lookup): WitType | undefined {
  switch (code) {
    case 0x72: {
      const fields = readFields(reader, lookup);
      return fields === undefined ? undefined : { kind: "record", fields };
    }
    case 0x71: {
      const cases = reader.list(() => {
        const name = reader.name();
        const { isThere, type } = optional(reader, lookup);
        reader.byte();
        return isThere && type === undefined ? undefined : { name, type };
      });
      return whole(cases) ? { kind: "variant", cases } : undefined;
    }
    case 0x70:
    case 0x6b: {
      const item = readValueType(reader, lookup);
      return item === undefined ? undefined : { kind: code === 0x70 ? "list" : "option", item };
    }
    case 0x6f: {
      const items = reader.list(() => readValueType(reader, lookup));
      return whole(items) ? { kind: "tuple", items } : undefined;
    }
    case 0x6e: {
      const names = reader.list(() => reader.name());
      return names.length <= FLAGS_MAX ? { kind: "flags", names } : undefined;
    }
    case 0x6d:
      return { kind: "enum", cases: reader.list(() => reader.name()) };
    case 0x6a: {
      const ok = optional(reader, lookup);
      const error = optional(reader, lookup);
      const isWhole = ok.isThere === (ok.type !== undefined) && error.isThere === (error.type !== undefined);
      return isWhole ? { kind: "result", ok: ok.type, error: error.type } : undefined;
    }
    case 0x69:
    case 0x68:
      reader.number();
      return { kind: "handle" };
  }
  const primitive = PRIMITIVES[BOOL_CODE - code];
  if (primitive === undefined) {
    throw unreadable(`it has a type 0x${code.toString(16)}, which is not supported`);
  }
  return { kind: primitive };
}

function readFunction(reader: BinaryReader, lookup: Lookup): ComponentType {
  const params = readFields(reader, lookup);
  const hasResult = reader.byte() === 0;
  const result = hasResult ? readValueType(reader, lookup) : undefined;
  if (!hasResult) reader.byte();
  if (params === undefined || hasResult && result === undefined) return OTHER("a function");
  return { kind: "func", signature: { params, result } };
}

/** Where types are found by index. */
export interface TypeNames {
  local: Lookup;
  /** Those of what surrounds it, `count` steps out. */
  outer(count: number, index: number): ComponentType;
}

/** Reads one definition, which may name those before it. */
export function readType(reader: BinaryReader, names: TypeNames): ComponentType {
  const code = reader.byte();
  if (code === 0x40) return readFunction(reader, names.local);
  if (code === 0x42) return readInstanceType(reader, names);
  if (code === 0x41 || code === 0x3f || code === 0x43) {
    throw unreadable("it defines resources, components or asynchronous functions, which are not supported");
  }
  const type = readDefined(reader, code, names.local);
  if (type === undefined) return OTHER("a value");
  if (!isBounded(type)) throw unreadable("it has a type with too many parts");
  return { kind: "value", type };
}

/** What an import or export is said to be; `index` is that of the type which a type is equal to. */
export interface ExternalType {
  readonly sort: number;
  readonly index: number | undefined;
}

/** Reads the type of an import or export. */
export function readExternalType(reader: BinaryReader, names: TypeNames): ExternalType {
  const sort = reader.byte();
  let index: number | undefined;
  if (sort === 0) {
    reader.byte();
    reader.number();
  } else if (sort === 3) {
    if (reader.byte() === 0) index = reader.number();
  } else if (sort === 2) {
    if (reader.byte() === 0) reader.number();
    else readValueType(reader, names.local);
  } else index = reader.number();
  return { sort, index };
}

/** What an instance has to be like. */
function readInstanceType(reader: BinaryReader, around: TypeNames): ComponentType {
  const types: ComponentType[] = [];
  const exports = new Map<string, ComponentType>();
  const functions = new Map<string, WitFunction | undefined>();
  const names: TypeNames = {
    local(index) {
      const type = types[index];
      if (type === undefined) throw unreadable(`there is no type with the index ${index}`);
      return type;
    },
    outer: (count, index) =>
      count === 0 ? names.local(index) : count === 1 ? around.local(index) : around.outer(count - 1, index),
  };
  reader.each(() => {
    const declaration = reader.byte();
    if (declaration === 1) types.push(readType(reader, names));
    else if (declaration === 2) {
      const [sort, target] = [reader.byte(), reader.byte()];
      if (sort !== 3 || target !== 2) throw unreadable("it has an alias that is not supported");
      types.push(names.outer(reader.number(), reader.number()));
    } else if (declaration === 4) {
      const name = reader.externalName();
      const { index, sort } = readExternalType(reader, names);
      if (sort === 1) {
        const type = names.local(index!);
        functions.set(name, type.kind === "func" ? type.signature : undefined);
      }
      if (sort === 3) {
        const type = index === undefined ? OTHER("a resource") : names.local(index);
        types.push(type);
        exports.set(name, type);
      }
    } else throw unreadable("it has a declaration that is not supported");
  });
  return { kind: "instance", exports, functions };
}
