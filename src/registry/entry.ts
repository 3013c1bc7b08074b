/** Registry entries. */
import type { ValueMap } from "../core/mod.ts";

/** One entry. `data` is the kind's payload; references inside are full ids or bare names of the same namespace. */
export interface Entry {
  readonly id: string;
  readonly kind: string;
  readonly meta: ValueMap;
  readonly data: ValueMap;
}

/** Where the text of an entry is on disk, for tools that show or change it. */
export interface EntryPlace {
  /** Absolute path of the definition file, and the path inside it. */
  readonly file: string;
  readonly path: readonly (string | number)[];
  /** Absolute paths of the files whose content fields hold, by field. */
  readonly inlined: ReadonlyMap<string, string>;
  /** A path as messages show it. */
  readonly shown: (path: string) => string;
}

/** Where the first line of an entry's source stands. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  /** Whether it is a file of its own. */
  readonly isFile: boolean;
}

/** Where an entry came from, for messages; never stored in versions. */
export interface EntryOrigin {
  file: string;
  line: number;
}
