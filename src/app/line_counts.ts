/** How often the lines of an application's own Lua entries ran, in terms of its files. */
import type { LuaRuntime } from "../lua/mod.ts";
import type { Ports } from "../ports/mod.ts";
import { type LoadedEntries, moduleOf } from "../registry/mod.ts";
import { sourcePlace } from "./trace.ts";

/** Counts of one entry. */
export interface LineCounts {
  readonly id: string;
  readonly file: string;
  /** Line of the file that the entry's first line is. */
  readonly firstLine: number;
  /** By line of the entry; null where there is no code. */
  readonly counts: readonly (number | null)[];
}

/** Counts of all entries but those of modules and tests; the application was made with `countLines`. */
export function lineCounts(
  runtime: LuaRuntime,
  loaded: LoadedEntries,
  ports: Pick<Ports, "files" | "yaml">,
): LineCounts[] {
  return loaded.entries.flatMap((entry) => {
    if (moduleOf(entry) !== "" || entry.meta["type"] === "test") return [];
    const counts = runtime.universe.code.lineCounts(entry.id);
    const place = counts === undefined ? undefined : sourcePlace(entry.id, loaded, ports);
    if (counts === undefined || place === undefined) return [];
    return [{ id: entry.id, file: place.file, firstLine: place.line, counts }];
  });
}
