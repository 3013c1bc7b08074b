/** Filters of `wippy registry list`: globs on kind, namespace and name, operators on metadata. */
import { isValueMap, parseEntryId, type Value, type ValueMap } from "../core/mod.ts";
import { Misuse } from "./command.ts";

/** What an entry must look like; absent parts match everything. */
export interface EntryFilter {
  readonly kind?: string;
  readonly ns?: string;
  readonly name?: string;
  /** `field=value`, `field~regex`, `field*part`, `field^start`, `field$end`; all must hold. */
  readonly meta?: readonly string[];
}

/** The part of an entry that filters look at. */
interface Filtered {
  readonly id: string;
  readonly kind: string;
  readonly meta: ValueMap;
}

/** A test for entries. A filter of another form is misuse. */
export function entryFilter(filter: EntryFilter): (entry: Filtered) => boolean {
  const kind = glob(filter.kind);
  const ns = glob(filter.ns);
  const name = glob(filter.name);
  const metas = (filter.meta ?? []).map(metaFilter);
  return (entry) => {
    const id = parseEntryId(entry.id);
    return kind(entry.kind) && ns(id.ns) && name(id.name) && metas.every((holds) => holds(entry.meta));
  };
}

/** `*` is any text, `?` one character. */
function glob(pattern: string | undefined): (text: string) => boolean {
  if (pattern === undefined) return () => true;
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*+/g, "[^]*").replaceAll("?", "[^]");
  const expression = new RegExp(`^${source}$`);
  return (text) => expression.test(text);
}

const OPERATORS: Readonly<Record<string, (text: string, wanted: string) => boolean>> = {
  "=": (text, wanted) => text === wanted,
  "*": (text, wanted) => text.includes(wanted),
  "^": (text, wanted) => text.startsWith(wanted),
  "$": (text, wanted) => text.endsWith(wanted),
};

function metaFilter(text: string): (meta: ValueMap) => boolean {
  const match = /^([^=~*^$]+)([=~*^$])([^]*)$/.exec(text);
  if (match === null) {
    throw new Misuse(
      `--meta ${text}: expected field=value, field~regex, field*part, field^start or field$end`,
    );
  }
  const [, field, operator, wanted] = match as unknown as [string, string, string, string];
  const holds = operator === "~"
    ? regex(wanted, text)
    : (value: string) => OPERATORS[operator]!(value, wanted);
  return (meta) => textsOf(valueAt(meta, field)).some(holds);
}

function regex(source: string, text: string): (value: string) => boolean {
  try {
    const expression = new RegExp(source, "u");
    return (value) => expression.test(value);
  } catch (error) {
    throw new Misuse(`--meta ${text}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A field by its literal name, or by a dotted path through nested maps. */
function valueAt(meta: ValueMap, field: string): Value {
  if (Object.hasOwn(meta, field)) return meta[field];
  let value: Value = meta;
  for (const key of field.split(".")) {
    if (!isValueMap(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** Texts to compare: of a scalar its own, of a list those of its scalars. */
function textsOf(value: Value): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => Array.isArray(item) ? [] : textsOf(item));
  if (value === null || value === undefined || typeof value === "object") return [];
  return [String(value)];
}
