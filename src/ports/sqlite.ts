/** SQLite files, as everything but `src/platform` sees them. */
import type { Value } from "../core/mod.ts";

/** A prepared SQLite statement. Integers beyond 2^53 come as bigint. */
export interface SqliteStatement {
  all(params: Value[]): { [column: string]: Value }[];
  run(params: Value[]): { changes: number; lastInsertRowid: number | bigint };
  /** True when the statement yields rows. */
  readonly returnsRows: boolean;
  finalize(): void;
}

/** One connection. Failures are `Failure`s with the database's message. */
export interface SqliteConnection {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): void;
  close(): void;
}

/** Opens SQLite databases. */
export interface Sqlite {
  open(path: string, options?: { readonly?: boolean }): SqliteConnection;
}
