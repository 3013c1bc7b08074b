/**
 * Where a Lua error happened, in the user's own files.
 *
 * A frame names an entry and a line of its source. The source is a file of its own or stands inside the definition file; the
 * definition is read again to find out, which only happens when there is something to tell.
 */
import { Failure, isValueMap, parseEntryId, type Value } from "../core/mod.ts";
import type { Ports } from "../ports/mod.ts";
import { FILE_SCHEME, type LoadedEntries, type SourcePlace } from "../registry/mod.ts";
import { LuaError } from "../vm/mod.ts";

/** One line of a trace. */
export interface TraceLine {
  /** `src/greet.lua:3`, or `app:greet:3` when the file is not known. */
  readonly place: string;
  /** Name of the function, `""` when it has none. */
  readonly name: string;
}

/** The Lua frames behind a failure, innermost first, or the place in a source that can't be compiled; empty without either. */
export function traceOf(
  failure: Failure,
  loaded: LoadedEntries,
  ports: Pick<Ports, "files" | "yaml">,
): TraceLine[] {
  const broken = brokenSource(failure, loaded, ports);
  if (broken !== undefined) return [broken];
  let cause: unknown = failure;
  while (cause instanceof Failure) cause = cause.cause;
  if (!(cause instanceof LuaError)) return [];
  const places = new Map<string, SourcePlace | undefined>();
  return cause.stack.filter(({ line }) => line > 0).map(({ source, line, name }) => {
    if (!places.has(source)) places.set(source, sourcePlace(source, loaded, ports));
    const place = places.get(source);
    return {
      place: place === undefined ? `${source}:${line}` : `${place.file}:${place.line + line - 1}`,
      name: name === "?" ? "" : name ?? "",
    };
  });
}

/** Where a source can't be compiled: the failure's `chunk` names entry, line and column. */
function brokenSource(
  { details }: Failure,
  loaded: LoadedEntries,
  ports: Pick<Ports, "files" | "yaml">,
): TraceLine | undefined {
  const chunk = details?.["chunk"];
  if (!isValueMap(chunk)) return undefined;
  const { id, line, column } = chunk;
  if (typeof id !== "string" || typeof line !== "number") return undefined;
  const place = sourcePlace(id, loaded, ports);
  if (place === undefined) return undefined;
  // The text of a block in a definition file is indented there: its columns are others.
  const at = typeof column === "number" && place.isFile ? `:${column}` : "";
  return { place: `${place.file}:${place.line + line - 1}${at}`, name: id };
}

/** Where the source of an entry stands; undefined when no file of the project has it. */
export function sourcePlace(
  id: string,
  loaded: LoadedEntries,
  { files, yaml }: Pick<Ports, "files" | "yaml">,
): SourcePlace | undefined {
  const packed = loaded.source?.(id);
  if (packed !== undefined) return packed;
  const origin = loaded.origin?.(id);
  if (origin === undefined || files.stat(files.resolve(origin.file)) === undefined) return undefined;
  const text = files.readText(files.resolve(origin.file));
  const path = entryPath(yaml.parse(text), parseEntryId(id).name);
  if (path === undefined) return undefined;
  const source = valueAt(yaml.parse(text), [...path, "source"]);
  if (typeof source !== "string") return undefined;
  if (!source.startsWith(FILE_SCHEME)) {
    return { file: origin.file, line: yaml.lineOf(text, [...path, "source"]), isFile: false };
  }
  const slash = origin.file.lastIndexOf("/");
  const folder = slash < 0 ? "" : origin.file.slice(0, slash + 1);
  return {
    file: `${folder}${source.slice(FILE_SCHEME.length).replace(/^(\.?\/)+/, "")}`,
    line: 1,
    isFile: true,
  };
}

function entryPath(root: Value, name: string): (string | number)[] | undefined {
  if (!isValueMap(root)) return undefined;
  const list = root.entries;
  if (!Array.isArray(list)) return root.name === name ? [] : undefined;
  const at = list.findIndex((item) => isValueMap(item) && item.name === name);
  if (at < 0) return undefined;
  const item = list[at];
  return isValueMap(item) && isValueMap(item.data) ? ["entries", at, "data"] : ["entries", at];
}

function valueAt(root: Value, path: readonly (string | number)[]): Value {
  let value: Value = root;
  for (const key of path) {
    if (Array.isArray(value)) value = value[key as number];
    else if (isValueMap(value)) value = value[key];
    else return undefined;
  }
  return value;
}
