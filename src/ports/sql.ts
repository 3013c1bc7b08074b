/** SQL databases: provided by `db.sql.*` kinds, used by the `sql` module. */
import type { Records, Value } from "../core/mod.ts";
import { defineResource } from "./resource.ts";
import type { Waiter } from "./waiter.ts";

/**
 * Rows as maps from column to value. Parameters and rows tell integers from floats: a whole number is an integer, a float that
 * is whole is wrapped (`LuaFloat` of `src/vm`); `Records` do so by their own rule. Dates are texts `2024-01-15T10:30:00Z`.
 */
export type SqlRows = { [column: string]: Value }[] | Records;

/** The effect of a statement. */
export interface SqlResult {
  rows: { [column: string]: Value }[];
  rowsAffected: number;
  lastInsertId: number | bigint;
}

/** A prepared statement. */
export interface SqlStatement {
  query(params: readonly Value[], caller?: Waiter): SqlRows | Promise<SqlRows>;
  execute(params: readonly Value[], caller?: Waiter): SqlResult | Promise<SqlResult>;
  close(): void;
}

/** Something that runs SQL: a database or a transaction. */
export interface SqlExecutor {
  query(
    sql: string,
    params: readonly Value[],
    caller?: Waiter,
  ): SqlRows | Promise<SqlRows>;
  execute(sql: string, params: readonly Value[], caller?: Waiter): SqlResult | Promise<SqlResult>;
  prepare(sql: string, caller?: Waiter): SqlStatement | Promise<SqlStatement>;
}

/** An open transaction. After commit or rollback every call fails with Invalid `transaction is not active`. */
export interface SqlTransaction extends SqlExecutor {
  readonly active: boolean;
  commit(): void | Promise<void>;
  rollback(): void | Promise<void>;
}

/** How to begin a transaction. */
export interface SqlTransactionOptions {
  readonly isolation: SqlIsolation;
  readonly readOnly: boolean;
}

/** Isolation levels; `default` is the database's own. */
export type SqlIsolation =
  | "default"
  | "read_uncommitted"
  | "read_committed"
  | "write_committed"
  | "repeatable_read"
  | "serializable";

/** A database. */
export interface SqlDatabase extends SqlExecutor {
  readonly type: "postgres" | "mysql" | "sqlite" | "unknown";
  begin(options: SqlTransactionOptions, caller?: Waiter): SqlTransaction | Promise<SqlTransaction>;
  stats(): Record<string, number>;
}

/** A database that several programs use, and that tells one what another did. */
export interface SharedDatabase extends SqlDatabase {
  /** Where it is, for messages; without credentials. */
  readonly place: string;
  query(...query: Parameters<SqlDatabase["query"]>): Promise<Records>;
  /** Calls `heard` with what others say on `channel`, and with "" when something may have been missed; the result ends that. */
  listen(channel: string, heard: (said: string) => void): () => void;
  close(): void;
}

/** Resource type of databases. */
export const SqlResource = defineResource<SqlDatabase>("db.sql");
