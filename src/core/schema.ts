/**
 * Declarative decoding of entry configuration. A door of its own beside `mod.ts`, where it is one name: who wants many of these takes
 * them from here, for out of the one name a bundler would have to make an object when the program starts.
 *
 * One declaration yields decoding, defaults, error text, references (start order) and, later, completion and docs.
 * SC1. Unknown fields are ignored. SC2. Every failure is Invalid and names the field's path, also as `details.path`.
 */
import { parseDurationNs } from "./duration.ts";
import { resolveEntryId } from "./entry_id.ts";
import { Failure } from "./failure.ts";
import { isValueMap, type Value, type ValueMap } from "./value.ts";

/** Where a value is decoded: the path for messages, the namespace for bare references, found references. */
export interface DecodeScope {
  path: string;
  ns: string;
  references: string[];
}

/** A decoder of one field. */
export interface Field<T> {
  readonly type: string;
  readonly doc?: string;
  /** What an absent value stands for, when it is a plain one. */
  readonly fallback?: string | number | boolean;
  /** Texts that are allowed, when there are only some. */
  readonly values?: readonly string[];
  /** Fields of a record. */
  readonly fields?: Readonly<Record<string, Field<unknown>>>;
  /** What a list or a map holds, or what may be absent. */
  readonly item?: Field<unknown>;
  decode(value: Value, scope: DecodeScope): T;
  /**
   * Adds the ids that `value` refers to to `found`, without decoding it: what is malformed or still a placeholder is
   * passed over.
   */
  references?(value: Value, ns: string, found: string[]): void;
}

/** The type a field decodes to. */
export type Decoded<F> = F extends Field<infer T> ? T : never;

function invalid(scope: DecodeScope, expected: string, value: Value): Failure {
  const got = value === null || value === undefined
    ? "nothing"
    : value instanceof Uint8Array
    ? `${value.length} bytes that are no UTF-8 text`
    : JSON.stringify(value, bigintText);
  return new Failure(
    "Invalid",
    `${scope.path === "" ? "entry" : scope.path}: expected ${expected}, got ${got}`,
    {
      details: { path: scope.path },
    },
  );
}

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function absent(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

/** Text. Required unless `default` is given; `nonEmpty` refuses `""`. */
export function string(options: { default?: string; nonEmpty?: boolean; doc?: string } = {}): Field<string> {
  return {
    type: "string",
    doc: options.doc,
    fallback: options.default,
    decode(value, scope) {
      if (absent(value) && options.default !== undefined) return options.default;
      if (typeof value === "number" || typeof value === "boolean") return String(value);
      if (typeof value !== "string") throw invalid(scope, "text", value);
      if (options.nonEmpty && value === "") throw invalid(scope, "a non-empty text", value);
      return value;
    },
  };
}

/** A whole number. */
export function integer(
  options: { default?: number; min?: number; max?: number; doc?: string } = {},
): Field<number> {
  const bounds = options.min === undefined && options.max === undefined
    ? ""
    : ` between ${options.min ?? "-inf"} and ${options.max ?? "inf"}`;
  return {
    type: "integer",
    doc: options.doc,
    fallback: options.default,
    decode(value, scope) {
      if (absent(value) && options.default !== undefined) return options.default;
      const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
      if (typeof number !== "number" || !Number.isInteger(number)) {
        throw invalid(scope, `a whole number${bounds}`, value);
      }
      if (number < (options.min ?? -Infinity) || number > (options.max ?? Infinity)) {
        throw invalid(scope, `a whole number${bounds}`, value);
      }
      return number;
    },
  };
}

/** Any number. */
export function number(
  options: { default?: number; min?: number; max?: number; doc?: string } = {},
): Field<number> {
  return {
    type: "number",
    doc: options.doc,
    fallback: options.default,
    decode(value, scope) {
      if (absent(value) && options.default !== undefined) return options.default;
      if (
        typeof value !== "number" || value < (options.min ?? -Infinity) || value > (options.max ?? Infinity)
      ) throw invalid(scope, "a number", value);
      return value;
    },
  };
}

/** True or false; the texts "true" and "false" are accepted. */
export function boolean(options: { default?: boolean; doc?: string } = {}): Field<boolean> {
  return {
    type: "boolean",
    doc: options.doc,
    fallback: options.default,
    decode(value, scope) {
      if (absent(value) && options.default !== undefined) return options.default;
      if (value === "true") return true;
      if (value === "false") return false;
      if (typeof value !== "boolean") throw invalid(scope, "true or false", value);
      return value;
    },
  };
}

/** A duration in milliseconds, written as `10s` (or a number of nanoseconds). `default` is in milliseconds. */
export function duration(options: { default?: number; doc?: string } = {}): Field<number> {
  return {
    type: "duration",
    doc: options.doc,
    decode(value, scope) {
      if (absent(value) && options.default !== undefined) return options.default;
      const ns = typeof value === "number"
        ? value
        : typeof value === "string"
        ? parseDurationNs(value)
        : undefined;
      if (ns === undefined) throw invalid(scope, "a duration such as 500ms, 10s or 1h30m", value);
      return ns / 1e6;
    },
  };
}

/** One of the given texts. */
export function oneOf<const T extends string>(
  values: readonly T[],
  options: { default?: T; doc?: string } = {},
): Field<T> {
  return {
    type: values.join("|"),
    doc: options.doc,
    fallback: options.default,
    values,
    decode(value, scope) {
      if (absent(value) && options.default !== undefined) return options.default;
      if (!values.includes(value as T)) throw invalid(scope, `one of ${values.join(", ")}`, value);
      return value as T;
    },
  };
}

/** The id of another entry; a bare name means the same namespace. References drive start order. */
export function reference(options: { optional?: boolean; doc?: string } = {}): Field<string> {
  return {
    type: "reference",
    doc: options.doc,
    decode(value, scope) {
      if (absent(value) || value === "") {
        if (options.optional) return "";
        throw invalid(scope, "an entry id (namespace:name)", value);
      }
      if (typeof value !== "string") throw invalid(scope, "an entry id (namespace:name)", value);
      const id = resolveEntryId(value, scope.ns);
      scope.references.push(id);
      return id;
    },
    references(value, ns, found) {
      if (typeof value === "string" && value !== "" && !value.includes("${")) {
        found.push(resolveEntryId(value, ns));
      }
    },
  };
}

/** A list; absent means empty. */
export function list<T>(item: Field<T>, options: { doc?: string } = {}): Field<T[]> {
  return {
    type: `${item.type}[]`,
    doc: options.doc,
    item,
    decode(value, scope) {
      if (absent(value)) return [];
      if (!Array.isArray(value)) throw invalid(scope, "a list", value);
      return value.map((element, i) => item.decode(element, { ...scope, path: `${scope.path}[${i + 1}]` }));
    },
    ...(item.references === undefined ? {} : {
      references(value: Value, ns: string, found: string[]) {
        if (Array.isArray(value)) { for (const element of value) item.references!(element, ns, found); }
      },
    }),
  };
}

/** A map with text keys; absent means empty. */
export function map<T>(item: Field<T>, options: { doc?: string } = {}): Field<Record<string, T>> {
  return {
    type: `map of ${item.type}`,
    doc: options.doc,
    item,
    decode(value, scope) {
      if (absent(value)) return {};
      if (!isValueMap(value)) throw invalid(scope, "a map", value);
      // Not by assignment: a key may be `__proto__`.
      return Object.fromEntries(
        Object.keys(value).map((key) => {
          const path = scope.path === "" ? key : `${scope.path}.${key}`;
          return [key, item.decode(value[key], { ...scope, path })];
        }),
      );
    },
    ...(item.references === undefined ? {} : {
      references(value: Value, ns: string, found: string[]) {
        if (isValueMap(value)) {
          for (const key of Object.keys(value)) {
            item.references!(value[key], ns, found);
          }
        }
      },
    }),
  };
}

/** Anything, kept as it is. */
export function any(options: { doc?: string } = {}): Field<Value> {
  return { type: "any", doc: options.doc, decode: (value) => value };
}

/** `field`, or undefined when absent. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return {
    type: `${field.type}?`,
    doc: field.doc,
    item: field,
    decode: (value, scope) => absent(value) ? undefined : field.decode(value, scope),
    references: field.references?.bind(field),
  };
}

/** A record of fields; absent counts as an empty record. */
export function object<F extends Record<string, Field<unknown>>>(
  fields: F,
): Field<{ [K in keyof F]: Decoded<F[K]> }> & { readonly fields: F } {
  return {
    type: "record",
    fields,
    decode(value, scope) {
      const source: ValueMap = absent(value) ? {} : isValueMap(value) ? value : fail(scope, value);
      const result: Record<string, unknown> = {};
      for (const key of Object.keys(fields)) {
        const path = scope.path === "" ? key : `${scope.path}.${key}`;
        result[key] = fields[key]!.decode(source[key], { ...scope, path });
      }
      return result as { [K in keyof F]: Decoded<F[K]> };
    },
    references(value, ns, found) {
      if (!isValueMap(value)) return;
      for (const key of Object.keys(fields)) fields[key]!.references?.(value[key], ns, found);
    },
  };
}

/** A record that few look at: its fields are told when one is first decoded. */
export function late<F extends Record<string, Field<unknown>>>(
  fields: () => F,
): Field<{ [K in keyof F]: Decoded<F[K]> }> & { readonly fields: F } {
  let made: ReturnType<typeof object<F>> | undefined;
  const record = () => made ??= object(fields());
  return {
    type: "record",
    get fields() {
      return record().fields;
    },
    decode: (value, scope) => record().decode(value, scope),
    references: (value, ns, found) => record().references!(value, ns, found),
  };
}

function fail(scope: DecodeScope, value: Value): never {
  throw invalid(scope, "a map", value);
}
