/**
 * A SQLite database as the `sql` module uses it: one connection, one transaction at a time.
 *
 * S1. While nobody holds the connection, a statement runs and answers at once, without a promise.
 * S2. A transaction holds the connection from begin to its end; everybody else waits in order.
 * S3. A lock held by another program is waited for without blocking the runtime, up to `SQL_LOCK_WAIT_MS`.
 * S4. A connection past its lifetime is replaced while nobody holds it; one in memory never is, for its data would be lost.
 */
import { type Columns, Failure, Records, SQL_LOCK_WAIT_MS, type Value } from "../../core/mod.ts";
import type {
  Clock,
  SqlDatabase,
  Sqlite,
  SqliteConnection,
  SqliteStatement,
  SqlResult,
  SqlStatement,
  SqlTransaction,
  SqlTransactionOptions,
  TimerHandle,
  Waiter,
} from "../../ports/mod.ts";
import { ConnectionGate } from "./connection_gate.ts";
import { preparedOn } from "./prepared_statement.ts";
import { bindAll, planOf, readRows, type RowPlan, type Rows } from "./sqlite_rows.ts";
import { SqliteTransaction } from "./sqlite_transaction.ts";

/** First pause before a lock is tried again; it doubles up to `LOCK_PAUSE_MAX_MS`. */
const LOCK_PAUSE_MS = 1;
const LOCK_PAUSE_MAX_MS = 50;
const NO_ROWS: [] = [];

/** Where a database is and how long a connection to it lives. */
export interface SqliteDatabaseOptions {
  /** Path, or `:memory:`. */
  readonly path: string;
  readonly readonly: boolean;
  /** 0 keeps a connection for good. */
  readonly lifetimeMs: number;
}

/** Something that a statement can do. */
type Action<T> = () => T;

/** A single statement whose rows are taken as they come. */
class PlainQuery {
  declare readonly sql: string;
  declare readonly statement: SqliteStatement;
  declare readonly columns: Columns;

  constructor(sql: string, statement: SqliteStatement, columns: Columns) {
    this.sql = sql;
    this.statement = statement;
    this.columns = columns;
  }

  rows(params: readonly Value[]): Records {
    return new Records(this.columns, this.statement.all(bindAll(params)) as Rows);
  }
}

/** The database of `db.sql.sqlite`. */
export class SqliteDatabase implements SqlDatabase {
  readonly type = "sqlite";
  readonly #id: string;
  readonly #sqlite: Sqlite;
  readonly #clock: Clock;
  readonly path: string;
  readonly readonly: boolean;
  readonly #gate: ConnectionGate;
  #connection: SqliteConnection;
  #plans = new WeakMap<SqliteStatement, RowPlan>();
  /** What was asked last, if nothing needs to be done to its rows: mostly the same runs again. */
  #latest: PlainQuery | undefined;
  #lifetimeMs: number;
  #timer: TimerHandle | undefined;
  #expired = false;
  #lifetimesEnded = 0;
  #closing = false;
  #closed = false;

  /** Opens the database; fails with Unavailable when it can't be. */
  constructor(id: string, sqlite: Sqlite, clock: Clock, options: SqliteDatabaseOptions) {
    this.#id = id;
    this.#sqlite = sqlite;
    this.#clock = clock;
    this.path = options.path;
    this.readonly = options.readonly;
    this.#lifetimeMs = options.lifetimeMs;
    this.#gate = new ConnectionGate(clock);
    this.#connection = this.#open();
  }

  // A function that makes closures keeps its arguments in an object: those are made elsewhere.

  query(sql: string, params: readonly Value[], caller?: Waiter): Records | Promise<Records> {
    if (!this.#free) return this.#queuedRows(sql, params, caller);
    try {
      return this.rows(sql, params);
    } catch (error) {
      return this.#rowsAfter(error, sql, params);
    }
  }

  #queuedRows(sql: string, params: readonly Value[], caller?: Waiter): Promise<Records> {
    return this.#queued(() => this.rows(sql, params), caller);
  }

  execute(sql: string, params: readonly Value[], caller?: Waiter): SqlResult | Promise<SqlResult> {
    if (!this.#free) return this.#queuedEffect(sql, params, caller);
    try {
      return this.effect(sql, params);
    } catch (error) {
      return this.#effectAfter(error, sql, params);
    }
  }

  #rowsAfter(error: unknown, sql: string, params: readonly Value[]): Promise<Records> {
    return this.#afterLock(error, () => this.rows(sql, params));
  }

  #effectAfter(error: unknown, sql: string, params: readonly Value[]): Promise<SqlResult> {
    return this.#afterLock(error, () => this.effect(sql, params));
  }

  #queuedEffect(sql: string, params: readonly Value[], caller?: Waiter): Promise<SqlResult> {
    return this.#queued(() => this.effect(sql, params), caller);
  }

  prepare(sql: string, caller?: Waiter): SqlStatement | Promise<SqlStatement> {
    const prepared = (): SqlStatement => {
      this.check(sql);
      return preparedOn(this, sql);
    };
    return this.#free ? prepared() : this.#queued(prepared, caller);
  }

  begin(options: SqlTransactionOptions, caller?: Waiter): SqlTransaction | Promise<SqlTransaction> {
    if (this.#gate.tryEnter()) return this.#begin(options);
    return this.#gate.enter(caller).then(() => this.#begin(options));
  }

  #begin(options: SqlTransactionOptions): SqlTransaction | Promise<SqlTransaction> {
    const started = (): SqlTransaction => new SqliteTransaction(this, options, () => this.#leave());
    try {
      this.#refresh();
      const begun = this.attempt(() => this.effect("BEGIN", []));
      if (!(begun instanceof Promise)) return started();
      return begun.then(started, (error) => {
        this.#leave();
        throw error;
      });
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  stats(): Record<string, number> {
    const inUse = this.#gate.isHeld ? 1 : 0;
    const open = this.#closed ? 0 : 1;
    return {
      max_open_connections: 1,
      open_connections: open,
      in_use: inUse,
      idle: open - inUse,
      wait_count: this.#gate.waits,
      wait_duration: Math.round(this.#gate.waitedMs * 1e6),
      max_idle_closed: 0,
      max_idle_time_closed: 0,
      max_lifetime_closed: this.#lifetimesEnded,
    };
  }

  /** Lets connections from now on live that long. */
  setLifetime(lifetimeMs: number): void {
    this.#lifetimeMs = lifetimeMs;
    this.#watchLifetime();
  }

  /** Closes the connection, once a transaction in progress has ended. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#timer?.cancel();
    this.#gate.refuseAll(this.#gone());
    if (!this.#gate.isHeld) this.#shut();
  }

  // --- For transactions -----------------------------------------------------------------------------------------------

  /** Runs a statement on the connection, whoever holds it; its rows. */
  rows(sql: string, params: readonly Value[]): Records {
    const latest = this.#latest;
    return latest !== undefined && latest.sql === sql && !latest.statement.isStale
      ? latest.rows(params)
      : this.#rowsOf(sql, params);
  }

  #rowsOf(sql: string, params: readonly Value[]): Records {
    const statement = this.#statement(sql);
    if (statement.tail !== "") return this.#script(statement, params);
    const plan = this.#planOf(statement);
    if (plan.readings !== undefined) return this.#read(statement, params);
    return (this.#latest = new PlainQuery(sql, statement, plan.columns)).rows(params);
  }

  /** Runs a statement on the connection, whoever holds it; its effect. */
  effect(sql: string, params: readonly Value[]): SqlResult {
    let statement = this.#statement(sql);
    if (statement.tail !== "") refuseParams(params);
    let result = this.#change(statement, params);
    while (statement.tail !== "") {
      statement = this.#statement(statement.tail);
      result = this.#change(statement, params);
    }
    return result;
  }

  /** Fails with Invalid unless `sql` is one statement that can be prepared. */
  check(sql: string): void {
    if (this.#statement(sql).tail === "") return;
    throw new Failure("Invalid", "a prepared statement can't hold several statements", { retryable: false });
  }

  /** Runs `action`; when another program holds a lock, waits for it. For whoever holds the connection. */
  attempt<T>(action: Action<T>): T | Promise<T> {
    try {
      return action();
    } catch (error) {
      return this.insist(error, action);
    }
  }

  /** Runs `action` again when `error` was a lock; throws any other. For whoever holds the connection. */
  insist<T>(error: unknown, action: Action<T>): Promise<T> {
    if (!isLocked(error)) throw error;
    return this.#insist(action);
  }

  /** As `insist`, holding the connection until it is done. */
  #afterLock<T>(error: unknown, action: Action<T>): Promise<T> {
    if (!isLocked(error)) throw error;
    return this.#queued(() => this.#insist(action));
  }

  async #insist<T>(action: Action<T>): Promise<T> {
    const end = this.#clock.monotonicMs() + SQL_LOCK_WAIT_MS;
    for (let pause = LOCK_PAUSE_MS;; pause = Math.min(pause * 2, LOCK_PAUSE_MAX_MS)) {
      await this.#clock.sleep(pause);
      try {
        return action();
      } catch (error) {
        if (!isLocked(error) || this.#clock.monotonicMs() >= end) throw error;
      }
    }
  }

  // --- The connection ---------------------------------------------------------------------------------------------------

  /** True when a statement may run at once. */
  get #free(): boolean {
    if (this.#gate.isHeld) return false;
    if (this.#expired || this.#closing) this.#refresh();
    return true;
  }

  async #queued<T>(action: Action<T | Promise<T>>, caller?: Waiter): Promise<T> {
    await this.#gate.enter(caller);
    try {
      this.#refresh();
      return await this.attempt(action as Action<T>);
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    if (this.#closing) this.#shut();
    this.#gate.leave();
  }

  #open(): SqliteConnection {
    const { path, readonly } = this;
    const connection = this.#sqlite.open(path, {
      readonly,
      exact: true,
      lenient: true,
      lockWaitMs: SQL_LOCK_WAIT_MS,
    });
    try {
      // Only opening may block: the runtime waits for later locks itself.
      if (!readonly) connection.exec("PRAGMA journal_mode = WAL");
      connection.exec("PRAGMA busy_timeout = 0");
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#watchLifetime();
    return connection;
  }

  #watchLifetime(): void {
    this.#timer?.cancel();
    this.#expired = false;
    if (this.#lifetimeMs <= 0 || this.path === ":memory:") return;
    this.#timer = this.#clock.timer(this.#lifetimeMs, () => {
      this.#expired = true;
    }, { background: true });
  }

  /** Replaces a connection past its lifetime. */
  #refresh(): void {
    if (this.#closing) throw this.#gone();
    if (!this.#expired) return;
    this.#connection.close();
    this.#lifetimesEnded++;
    this.#plans = new WeakMap();
    this.#connection = this.#open();
  }

  #shut(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }

  #gone(): Failure {
    return new Failure("Unavailable", `database is closed: ${this.#id}`, { retryable: false });
  }

  #statement(sql: string): SqliteStatement {
    if (this.#closed) throw this.#gone();
    return this.#connection.prepare(sql);
  }

  #read(statement: SqliteStatement, params: readonly Value[]): Records {
    return readRows(statement.all(bindAll(params)) as Rows, this.#planOf(statement));
  }

  #planOf(statement: SqliteStatement): RowPlan {
    let plan = this.#plans.get(statement);
    if (plan === undefined) this.#plans.set(statement, plan = planOf(statement.columns));
    return plan;
  }

  /** Several statements in one text; the rows of the last. */
  #script(first: SqliteStatement, params: readonly Value[]): Records {
    refuseParams(params);
    let rows = this.#read(first, params);
    for (let statement = first; statement.tail !== "";) {
      statement = this.#statement(statement.tail);
      rows = this.#read(statement, params);
    }
    return rows;
  }

  #change(statement: SqliteStatement, params: readonly Value[]): SqlResult {
    const { changes, lastInsertRowid } = statement.run(bindAll(params));
    // For anything else SQLite tells the number of an earlier statement.
    return {
      rows: NO_ROWS,
      rowsAffected: statement.changesRows ? changes : 0,
      lastInsertId: lastInsertRowid,
    };
  }
}

function refuseParams(params: readonly Value[]): void {
  if (params.length === 0) return;
  throw new Failure("Invalid", "parameters need a single statement", { retryable: false });
}

function isLocked(error: unknown): boolean {
  return error instanceof Failure && error.kind === "Unavailable" && error.retryable === true &&
    /locked|busy/.test(error.message);
}
