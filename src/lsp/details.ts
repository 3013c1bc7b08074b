/** What a close look at a source finds out: the types of everything, and what each name stands for. */
import { RecentTable } from "../core/mod.ts";
import { check, type TypeFacts } from "../lang/mod.ts";
import type { CheckedEntry } from "../lua/mod.ts";
import type { Place } from "./places.ts";

/** Takes much more room than the check itself: kept for what was looked at last. */
export interface Details {
  readonly facts: TypeFacts;
  /** Kept here by `placesOf`. */
  places?: readonly Place[];
}

/** Checks once more, and keeps the types of everything. */
export function detailsOf({ parsed, environment, resolution }: CheckedEntry): Details {
  const facts: TypeFacts = {
    expressions: new Map(),
    fields: new Map(),
    variables: new Map(),
    names: new Map(),
  };
  check(parsed, environment, resolution, undefined, facts);
  return { facts };
}

/** Details of the sources that were looked at last. */
export class RecentDetails {
  readonly #known: RecentTable<CheckedEntry, Details>;

  constructor(sourcesMax: number) {
    this.#known = new RecentTable(sourcesMax);
  }

  of(checked: CheckedEntry): Details {
    let details = this.#known.get(checked);
    if (details === undefined) this.#known.set(checked, details = detailsOf(checked));
    return details;
  }
}
