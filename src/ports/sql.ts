/** SQL databases: provided by `db.sql.*` kinds, used by the `sql` module. */
import type { Value } from "../core/mod.ts";
import { defineResource } from "./resource.ts";

/** Rows as maps from column to value, or the effect of a statement. */
export interface SqlResult {
  rows: { [column: string]: Value }[];
  rowsAffected: number;
  lastInsertId: number | bigint;
}

/** A prepared statement. */
export interface SqlStatement {
  query(params: Value[]): SqlResult["rows"] | Promise<SqlResult["rows"]>;
  execute(params: Value[]): SqlResult | Promise<SqlResult>;
  close(): void;
}

/** Something that runs SQL: a database or a transaction. */
export interface SqlExecutor {
  query(sql: string, params: Value[]): SqlResult["rows"] | Promise<SqlResult["rows"]>;
  execute(sql: string, params: Value[]): SqlResult | Promise<SqlResult>;
  prepare(sql: string): SqlStatement | Promise<SqlStatement>;
}

/** An open transaction. After commit or rollback every call fails with Invalid. */
export interface SqlTransaction extends SqlExecutor {
  readonly active: boolean;
  commit(): void | Promise<void>;
  rollback(): void | Promise<void>;
}

/** A database. */
export interface SqlDatabase extends SqlExecutor {
  readonly type: "postgres" | "mysql" | "sqlite" | "unknown";
  begin(options: { isolation: string; readOnly: boolean }): SqlTransaction | Promise<SqlTransaction>;
  stats(): Record<string, number>;
}

/** Resource type of databases. */
export const SqlResource = defineResource<SqlDatabase>("db.sql");
