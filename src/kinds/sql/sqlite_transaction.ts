/**
 * A transaction on the one connection of a SQLite database.
 *
 * T1. It ends once, by commit or rollback; then the connection is free for the next, whatever the outcome.
 * T2. A commit that fails rolls back.
 */
import { Failure, type Records, type Value } from "../../core/mod.ts";
import type { SqlResult, SqlStatement, SqlTransaction, SqlTransactionOptions } from "../../ports/mod.ts";
import { preparedOn } from "./prepared_statement.ts";
import type { SqliteDatabase } from "./sqlite_database.ts";

/** SQLite isolates every transaction from all others, so any level that is asked for is kept. */
export class SqliteTransaction implements SqlTransaction {
  readonly #database: SqliteDatabase;
  readonly #readOnly: boolean;
  readonly #leave: () => void;
  #active = true;

  /** Takes over an open transaction; `leave` frees the connection. */
  constructor(database: SqliteDatabase, options: SqlTransactionOptions, leave: () => void) {
    this.#database = database;
    this.#readOnly = options.readOnly;
    this.#leave = leave;
    if (options.readOnly) database.effect("PRAGMA query_only = ON", []);
  }

  get active(): boolean {
    return this.#active;
  }

  query(sql: string, params: readonly Value[]): Records | Promise<Records> {
    this.#demandActive();
    try {
      return this.#database.rows(sql, params);
    } catch (error) {
      return this.#rowsAfter(error, sql, params);
    }
  }

  execute(sql: string, params: readonly Value[]): SqlResult | Promise<SqlResult> {
    this.#demandActive();
    try {
      return this.#database.effect(sql, params);
    } catch (error) {
      return this.#effectAfter(error, sql, params);
    }
  }

  #rowsAfter(error: unknown, sql: string, params: readonly Value[]): Promise<Records> {
    return this.#database.insist(error, () => {
      this.#demandActive();
      return this.#database.rows(sql, params);
    });
  }

  #effectAfter(error: unknown, sql: string, params: readonly Value[]): Promise<SqlResult> {
    return this.#database.insist(error, () => {
      this.#demandActive();
      return this.#database.effect(sql, params);
    });
  }

  prepare(sql: string): SqlStatement {
    this.#demandActive();
    this.#database.check(sql);
    return preparedOn(this, sql);
  }

  commit(): void | Promise<void> {
    this.#demandActive();
    try {
      const done = this.#database.attempt(() => {
        this.#demandActive();
        this.#database.effect("COMMIT", []);
      });
      if (!(done instanceof Promise)) return this.#end();
      return done.then(() => this.#end(), (error) => this.#abandon(error));
    } catch (error) {
      return this.#abandon(error);
    }
  }

  rollback(): void {
    this.#demandActive();
    this.#undo();
    this.#end();
  }

  #undo(): void {
    try {
      this.#database.effect("ROLLBACK", []);
    } catch (error) {
      // Some failures make SQLite roll back by itself.
      if (!(error instanceof Failure) || !/no transaction is active/.test(error.message)) throw error;
    }
  }

  #abandon(error: unknown): never {
    if (this.#active) {
      try {
        this.#undo();
      } finally {
        this.#end();
      }
    }
    throw error;
  }

  #end(): void {
    this.#active = false;
    try {
      if (this.#readOnly) this.#database.effect("PRAGMA query_only = OFF", []);
    } finally {
      this.#leave();
    }
  }

  #demandActive(): void {
    if (!this.#active) throw new Failure("Invalid", "transaction is not active", { retryable: false });
  }
}
