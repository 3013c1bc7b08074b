/** Sources of row changes: provided by `db.cdc.*` kinds, used by the `cdc` module. */
import type { ValueMap } from "../core/mod.ts";
import { defineResource } from "./resource.ts";

/** What is known of a source without asking its database. */
export interface CdcSourceInfo {
  /** Id of its entry. */
  readonly name: string;
  readonly slot: string;
  /** `""` when the entry names none. */
  readonly publication: string;
  readonly tables: readonly string[];
  readonly streaming: boolean;
  readonly failover: boolean;
  readonly temporary: boolean;
  readonly snapshot: boolean;
}

/** What happened to a row; `r` is a row of the snapshot. */
export type CdcOperation = "insert" | "update" | "delete" | "truncate" | "r";

/** Every operation, as events name them. */
export const CDC_OPERATIONS: readonly CdcOperation[] = ["insert", "update", "delete", "truncate", "r"];

/**
 * A change of a row, or of a whole table. Rows hold values as `SqlRows` do, but for parts of seconds, which are kept; columns
 * that are NULL are null.
 */
export interface CdcEvent {
  readonly op: CdcOperation;
  readonly schema: string;
  readonly table: string;
  /** `schema.table`. */
  readonly relation: string;
  readonly before?: ValueMap;
  readonly after?: ValueMap;
  /** Columns that are missing in `after` because they did not change and the database did not send them. */
  readonly unchanged?: string[];
  /** Id of the source's entry. */
  readonly source: string;
  readonly lsn: string;
  readonly commit_lsn?: string;
  readonly xid?: number;
}

/** Somebody who wants changes. */
export interface CdcSubscriber {
  /** Undefined for those of all tables; else names as in `relation`. */
  readonly tables?: ReadonlySet<string>;
  /** Undefined for all operations. */
  readonly operations?: ReadonlySet<CdcOperation>;
  /** Takes an event; false when there is no room for it now. */
  take(event: CdcEvent): boolean;
  /** How many of the events that it took were not received yet; undefined when nobody can tell any more. */
  unread(): number | undefined;
  /** There will be no more events. */
  end(): void;
}

/** A source of changes. */
export interface CdcSource {
  readonly info: CdcSourceInfo;
  /**
   * Hands over events from now on, in order; the result ends that. While somebody has no room everybody waits. What nobody
   * received before the last subscriber left is for the next one.
   */
  subscribe(subscriber: CdcSubscriber): () => void;
}

/** Resource type of sources. */
export const CdcResource = defineResource<CdcSource>("db.cdc");
