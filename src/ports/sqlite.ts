/** SQLite files, as everything but `src/platform` sees them. */
import type { Value } from "../core/mod.ts";

/** A result column. `type` is the declared type in upper case, `""` for expressions. */
export interface SqliteColumn {
  readonly name: string;
  readonly type: string;
}

/**
 * A prepared SQLite statement. Integers beyond 2^53 come as bigint. A text that holds a NUL is bound as a BLOB.
 *
 * On an `exact` connection INTEGER is a bigint and REAL a number, in parameters as in rows.
 */
export interface SqliteStatement {
  all(params: readonly Value[]): { [column: string]: Value }[];
  run(params: readonly Value[]): { changes: number; lastInsertRowid: number | bigint };
  /** True when the statement yields rows. */
  readonly returnsRows: boolean;
  /** True when it inserts, updates or deletes: then `changes` means something. */
  readonly changesRows: boolean;
  readonly columns: readonly SqliteColumn[];
  /** What follows the statement in the text it was prepared from; `""` when that is nothing but space and comments. */
  readonly tail: string;
  /** True once the connection has dropped it, since the schema may be another one. */
  readonly isStale: boolean;
  finalize(): void;
}

/** One connection. Failures are `Failure`s with the database's message. */
export interface SqliteConnection {
  /** Statements are kept: preparing the same text again is cheap. Don't hold one across a change of the schema. */
  prepare(sql: string): SqliteStatement;
  exec(sql: string): void;
  close(): void;
}

/** How to open a database. */
export interface SqliteOptions {
  readonly readonly?: boolean;
  /** INTEGER and REAL stay apart, see `SqliteStatement`. */
  readonly exact?: boolean;
  /** How long a statement blocks on a lock that another connection holds; Unavailable after that. */
  readonly lockWaitMs?: number;
  /** SQLite's own defaults, which the runtimes' libraries change: foreign keys unenforced, `"text"` accepted for `'text'`. */
  readonly lenient?: boolean;
}

/** Opens SQLite databases. */
export interface Sqlite {
  open(path: string, options?: SqliteOptions): SqliteConnection;
}
