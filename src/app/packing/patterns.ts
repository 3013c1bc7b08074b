/** Which entries a pattern of the command line means. */
import { Failure, nearestName, parseEntryId } from "../../core/mod.ts";
import { isDisabled, matchesNamespace } from "../config/mod.ts";

/** How a list of patterns was given. */
export interface PatternList {
  /** The flag or the field, for messages. */
  readonly origin: string;
  readonly patterns: readonly string[];
}

/** Whether an id fits: `name`, `namespace:name`; `*` is any text, `**` any number of parts of a namespace. */
export function fitsEntry(id: string, { patterns }: Pick<PatternList, "patterns">): boolean {
  return isDisabled(id, { namespaces: [], entries: patterns });
}

/** Whether the namespace of an id fits. */
export function fitsNamespace(id: string, { patterns }: Pick<PatternList, "patterns">): boolean {
  return patterns.some((pattern) => matchesNamespace(pattern, parseEntryId(id).ns));
}

/** Fails with NotFound when a pattern means none of `ids`, as a mistyped one does. */
export function demandMatches(
  { origin, patterns }: PatternList,
  ids: readonly string[],
  fits: (id: string, one: Pick<PatternList, "patterns">) => boolean,
  what: string,
): void {
  for (const pattern of patterns) {
    if (ids.some((id) => fits(id, { patterns: [pattern] }))) continue;
    const near = nearestName(pattern, ids.flatMap((id) => [id, parseEntryId(id).name, parseEntryId(id).ns]));
    const hint = near === undefined ? "" : `; did you mean ${near}?`;
    const details = origin.startsWith("--") ? { flag: origin } : {};
    throw new Failure("NotFound", `${origin}: ${pattern} is no ${what}${hint}`, {
      retryable: false,
      details,
    });
  }
}
