/** Prepared statements of databases whose connection keeps statements by their text. */
import type { SqlExecutor, SqlStatement } from "../../ports/mod.ts";

/** A statement that is looked up at each use: the connection keeps it prepared as long as it is of use. */
export function preparedOn(executor: Pick<SqlExecutor, "query" | "execute">, sql: string): SqlStatement {
  return {
    query: (params, caller) => executor.query(sql, params, caller),
    execute: (params, caller) => executor.execute(sql, params, caller),
    close() {},
  };
}
