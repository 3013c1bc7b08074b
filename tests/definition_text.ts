/** Definition files held in memory, for tests: reads them as the loader does, without its lookups on disk. */
import { Failure, isValueMap, type ValueMap } from "../src/core/mod.ts";
import type { YamlReader } from "../src/ports/mod.ts";
import type { Entry } from "../src/registry/mod.ts";

/** Entries of a definition file; `read` gives the text behind `file://` references. */
export function readDefinitions(text: string, yaml: YamlReader, read: (path: string) => string): Entry[] {
  const document = yaml.parse(text);
  if (!isValueMap(document)) throw new Failure("Invalid", "a definition file is a map");
  const ns = String(document["namespace"] ?? "");
  const list = document["entries"];
  if (!Array.isArray(list)) return [];
  return list.map((item) => {
    if (!isValueMap(item)) throw new Failure("Invalid", "an entry is a map");
    const { data, kind, meta, name, ...rest } = item;
    const payload: ValueMap = isValueMap(data) ? data : rest;
    const source = payload["source"];
    const inlined = typeof source === "string" && source.startsWith("file://")
      ? { ...payload, source: read(source.slice("file://".length)) }
      : payload;
    return {
      id: `${ns}:${String(name)}`,
      kind: String(kind),
      meta: isValueMap(meta) ? meta : {},
      data: inlined,
    };
  });
}
