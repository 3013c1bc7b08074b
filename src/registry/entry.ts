/** Registry entries. */
import type { ValueMap } from "../core/mod.ts";

/** One entry. `data` is the kind's payload; references inside are full ids or bare names of the same namespace. */
export interface Entry {
  readonly id: string;
  readonly kind: string;
  readonly meta: ValueMap;
  readonly data: ValueMap;
}

/** Where an entry came from, for messages; never stored in versions. */
export interface EntryOrigin {
  file: string;
  line: number;
}
