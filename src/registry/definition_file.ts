/**
 * Definition files: YAML text into entries.
 *
 * A file defines entries when it has a `namespace` and either `entries` or, at its top, `name` and `kind`. Other YAML is left alone.
 *
 * DF1. Payload fields stand at the entry's root; when there is a `data` key its value is the whole payload and the rest is dropped.
 * DF2. `meta` of the file goes into every entry; the entry's own values win.
 * DF3. Every mistake is Invalid and names file, line and, where there is one, the entry.
 * DF4. Text starting with `file://`, anywhere in the payload, is replaced by what `inline` gives for it; with `isDeferred` only
 *      when somebody looks at the field.
 */
import { defineLater, Failure, isValueMap, printEntryId, type Value, type ValueMap } from "../core/mod.ts";
import type { YamlReader } from "../ports/mod.ts";
import type { Entry } from "./entry.ts";
import { yamlFailure } from "./yaml_failure.ts";

/** Start of a reference to a file. */
export const FILE_SCHEME = "file://";

/** How a definition file is read. */
export interface DefinitionOptions {
  /** Name of the file, for messages. */
  readonly file: string;
  readonly yaml: YamlReader;
  /** Whether files are read when the fields that refer to them are looked at; most never are when one function is called. */
  readonly isDeferred?: boolean;
  /** The content behind a file reference (without its scheme); throws a Failure that says why there is none. */
  readonly inline: (reference: string, entry: InlineSite) => Value;
}

/** Where a file reference stands. */
export interface InlineSite {
  readonly id: string;
  readonly kind: string;
  /** Path of the field. */
  readonly field: string;
}

/** An entry and its path inside the file. */
export interface DefinedEntry {
  readonly entry: Entry;
  readonly path: readonly (string | number)[];
}

/** The entries that `text` defines; undefined when it is no definition file. */
export function readDefinitions(text: string, options: DefinitionOptions): DefinedEntry[] | undefined {
  const root = parse(text, options);
  if (!isValueMap(root) || !looksLikeDefinitions(root)) return undefined;
  const fail = (message: string, path: readonly (string | number)[] = []): Failure =>
    new Failure("Invalid", `${options.file}:${options.yaml.lineOf(text, path)}: ${message}`, {
      retryable: false,
      details: { file: options.file, line: options.yaml.lineOf(text, path) },
    });
  const ns = root["namespace"];
  if (ns === null || ns === undefined || ns === "") throw fail("missing namespace");
  if (typeof ns !== "string" || !isNamespace(ns)) {
    throw fail(`"${String(ns)}" is no namespace (dotted words, for example app.api)`, ["namespace"]);
  }
  const shared = root["meta"] ?? {};
  if (!isValueMap(shared)) throw fail("meta must be a map", ["meta"]);
  const list = root["entries"];
  if (list === undefined) {
    const { namespace: _namespace, version: _version, meta: _meta, ...fields } = root;
    return [{ entry: entryOf(ns, { ...fields, meta: shared }, {}, [], { text, options, fail }), path: [] }];
  }
  if (list === null) return [];
  if (!Array.isArray(list)) throw fail("entries must be a list", ["entries"]);
  return list.map((item, i) => {
    const path = ["entries", i];
    if (!isValueMap(item)) throw fail("an entry must be a map with name and kind", path);
    return { entry: entryOf(ns, item, shared, path, { text, options, fail }), path };
  });
}

function parse(text: string, { file, yaml }: DefinitionOptions): Value {
  try {
    return yaml.parse(text);
  } catch (error) {
    throw yamlFailure(error, text, file);
  }
}

/** Whether a file means to define entries, correctly or not. */
function looksLikeDefinitions(root: ValueMap): boolean {
  const list = root["entries"];
  const isList = list === null || Array.isArray(list);
  if (root["namespace"] !== undefined) return list !== undefined || root["kind"] !== undefined;
  if (isList && Array.isArray(list)) {
    return list.some((item) => isValueMap(item) && item["kind"] !== undefined);
  }
  return typeof root["name"] === "string" && typeof root["kind"] === "string";
}

/** A plain one is known without a pattern, which would be compiled for it. */
function isNamespace(text: string): boolean {
  let isWord = false;
  for (let i = 0; i <= text.length; i++) {
    const code = text.charCodeAt(i);
    const isLetter = (code >= 97 && code <= 122) || code === 95;
    if (!isLetter && !isWord) break;
    if (i === text.length) return true;
    isWord = isLetter;
    if (!isLetter && code !== 46) break;
  }
  return /^[^\s:.]+(\.[^\s:.]+)*$/.test(text);
}

interface Reading {
  readonly text: string;
  readonly options: DefinitionOptions;
  readonly fail: (message: string, path?: readonly (string | number)[]) => Failure;
}

function entryOf(
  ns: string,
  item: ValueMap,
  sharedMeta: ValueMap,
  path: readonly (string | number)[],
  reading: Reading,
): Entry {
  const { fail } = reading;
  const { name, kind, meta, ...fields } = item;
  if (name === undefined || name === null) throw fail("missing name", path);
  if (typeof name !== "string" || name === "") {
    throw fail("name is required and must be a non-empty string", [...path, "name"]);
  }
  const id = printEntryId(ns, name);
  if (kind === undefined || kind === null || kind === "") throw fail(`${id}: missing kind`, path);
  if (typeof kind !== "string") throw fail(`${id}: kind must be a text`, [...path, "kind"]);
  const own = meta ?? {};
  if (!isValueMap(own)) throw fail(`${id}: meta must be a map`, [...path, "meta"]);
  const wrapped = Object.hasOwn(fields, "data");
  const payload = wrapped ? fields["data"] ?? {} : fields;
  const at = wrapped ? [...path, "data"] : path;
  return {
    id,
    kind,
    meta: Object.keys(sharedMeta).length === 0 ? own : { ...sharedMeta, ...own },
    data: inlined(payload, at, "", { id, kind }, reading) as ValueMap,
  };
}

/** `value` with its file references replaced; the same object when there are none. */
function inlined(
  value: Value,
  path: readonly (string | number)[],
  field: string,
  entry: { readonly id: string; readonly kind: string },
  reading: Reading,
): Value {
  if (typeof value === "string") {
    if (!isReference(value)) return value;
    try {
      return reading.options.inline(value.slice(FILE_SCHEME.length), { ...entry, field });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw reading.fail(`${entry.id}: ${field}: ${error.message}`, path);
    }
  }
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  let changed: Value[] | ValueMap | undefined;
  for (const key of Object.keys(value)) {
    const before = (value as ValueMap)[key];
    if (typeof before === "string" ? !isReference(before) : typeof before !== "object") continue;
    const inner = field === "" ? key : `${field}.${key}`;
    const step = Array.isArray(value) ? Number(key) : key;
    if (reading.options.isDeferred === true && isReference(before)) {
      changed ??= Array.isArray(value) ? [...value] : { ...value };
      defineLater(changed, key, () => inlined(before, [...path, step], inner, entry, reading));
      continue;
    }
    const after = inlined(before, [...path, step], inner, entry, reading);
    if (after === before) continue;
    changed ??= Array.isArray(value) ? [...value] : { ...value };
    (changed as ValueMap)[key] = after;
  }
  return changed ?? value;
}

function isReference(value: Value): value is string {
  return typeof value === "string" && value.startsWith(FILE_SCHEME);
}
