/** What a registry is made of, and what goes into it and comes out. */
import type { Operation } from "./change_set.ts";
import type { Entry, EntryOrigin, EntryPlace, SourcePlace } from "./entry.ts";
import type { FinderOptions } from "./finder.ts";
import type { History, ModuleGraph } from "./history.ts";
import type { KindServices } from "./kind.ts";
import type { KindTable } from "./kind_table.ts";
import type { RegistryState } from "./state.ts";
import type { Version } from "./version.ts";

/** Entries as a loader read them. */
export interface LoadedEntries {
  readonly entries: readonly Entry[];
  /** Whether each entry stands behind those it needs. */
  readonly isOrdered?: boolean;
  /** Where an entry stands, for messages. */
  origin?(id: string): EntryOrigin | undefined;
  /** Where an entry's text is; undefined for entries that stand in no file. */
  place?(id: string): EntryPlace | undefined;
  /** Where an entry's source stands, for entries from packs; for others it is found through their definition. */
  source?(id: string): SourcePlace | undefined;
  /** The module whose files defined an entry, `""` for the application's own. */
  part?(id: string): string | undefined;
  /** Modules the entries come from. */
  readonly graph?: ModuleGraph;
  /** Ids of entries that are there to be found, and that no kind is told of: nothing of them runs. */
  readonly dormant?: ReadonlySet<string>;
  /** Modules that come with the program: what is in them is known to be well-formed. */
  readonly proven?: ReadonlySet<string>;
}

/** What a registry is made of. */
export interface RegistryOptions {
  readonly kinds: KindTable;
  /** What kinds may use; a function because some of it is made after the registry. */
  readonly services: () => Omit<KindServices, "entries">;
  /** Default: in memory. */
  readonly history?: History;
  /** Longest wait for a kind to accept or reject one operation, in milliseconds. */
  readonly operationTimeoutMs?: number;
  readonly finder?: FinderOptions;
  /** Turns what is asked for into what is applied: links requirements, brings in modules. */
  readonly prepare?: (
    operations: readonly Operation[],
    state: RegistryState,
  ) => PreparedChange | Promise<PreparedChange>;
  /** Solves the modules of a version whose graph was never stored. */
  readonly resolveGraph?: (
    state: RegistryState,
  ) => ModuleGraph | undefined | Promise<ModuleGraph | undefined>;
}

/** A change set after preparation. */
export interface PreparedChange {
  readonly operations: readonly Operation[];
  readonly graph?: ModuleGraph;
}

/** One state with its version. */
export interface Snapshot {
  readonly version: Version;
  readonly state: RegistryState;
}
