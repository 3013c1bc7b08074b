/**
 * A database on a server as the `sql` module uses it.
 *
 * D1. A statement borrows a session for as long as it runs; a transaction, from begin to its end.
 * D2. `replace` moves to other settings: what is borrowed or waited for by then finishes on the old ones.
 * D3. A session is not lent again when a statement left it inside a transaction, or was given up by its caller.
 */
import { Failure, type Records, type Value } from "../../core/mod.ts";
import type {
  Clock,
  SqlDatabase,
  SqlResult,
  SqlStatement,
  SqlTransaction,
  SqlTransactionOptions,
  Waiter,
} from "../../ports/mod.ts";
import { ConnectionPool, type PoolBounds } from "./connection_pool.ts";
import { preparedOn } from "./prepared_statement.ts";
import {
  effectOf,
  forCaller,
  type ServerConnection,
  type ServerDriver,
  type ServerResult,
} from "./server_connection.ts";
import { ServerTransaction } from "./server_transaction.ts";

/** Where a database is and how many sessions it may have. */
export interface ServerSettings {
  readonly driver: ServerDriver;
  readonly bounds: PoolBounds;
}

/** The database of `db.sql.postgres` and `db.sql.mysql`. */
export class ServerDatabase implements SqlDatabase {
  readonly type: SqlDatabase["type"];
  readonly #id: string;
  readonly #clock: Clock;
  #driver: ServerDriver;
  #pool: ConnectionPool;

  /** Opens nothing yet: the first statement does. */
  constructor(id: string, clock: Clock, settings: ServerSettings) {
    this.#id = id;
    this.#clock = clock;
    this.type = settings.driver.type;
    this.#driver = settings.driver;
    this.#pool = this.#poolOf(settings);
  }

  /** Uses other settings from now on. */
  replace(settings: ServerSettings): void {
    const old = this.#pool;
    this.#driver = settings.driver;
    this.#pool = this.#poolOf(settings);
    old.drain();
  }

  async query(sql: string, params: readonly Value[], caller?: Waiter): Promise<Records> {
    return (await this.#run(sql, params, caller)).records;
  }

  async execute(sql: string, params: readonly Value[], caller?: Waiter): Promise<SqlResult> {
    return effectOf(await this.#run(sql, params, caller));
  }

  async prepare(sql: string, caller?: Waiter): Promise<SqlStatement> {
    await this.#borrowing(caller, async (connection) => {
      await connection.check(sql);
      return false;
    });
    return preparedOn(this, sql);
  }

  async begin(options: SqlTransactionOptions, caller?: Waiter): Promise<SqlTransaction> {
    const statements = this.#driver.begin(options);
    const pool = this.#pool;
    const borrowed = await pool.borrow(caller);
    const { connection } = borrowed;
    try {
      await forCaller(
        connection,
        async () => {
          for (const statement of statements) await connection.run(statement, []);
        },
        caller,
        this.#clock,
      );
    } catch (error) {
      pool.giveBack(borrowed, true);
      throw error;
    }
    return new ServerTransaction(connection, this.#clock, (isSpoiled) => pool.giveBack(borrowed, isSpoiled));
  }

  stats(): Record<string, number> {
    return this.#pool.stats();
  }

  /** Ends idle sessions; the others end when they are no longer used. */
  close(): void {
    this.#pool.close();
  }

  async #run(sql: string, params: readonly Value[], caller?: Waiter): Promise<ServerResult> {
    let result: ServerResult | undefined;
    await this.#borrowing(caller, async (connection) => {
      try {
        result = await connection.run(sql, params);
      } catch (error) {
        // Of several statements in one text the first may have begun a transaction.
        if (/\b(begin|start)\b/i.test(sql)) connection.close();
        throw error;
      }
      return result.transaction === "open";
    });
    return result!;
  }

  /** Lends a session to `work`, which tells whether it spoiled it. */
  async #borrowing(
    caller: Waiter | undefined,
    work: (connection: ServerConnection) => Promise<boolean>,
  ): Promise<void> {
    const pool = this.#pool;
    const borrowed = pool.tryBorrow() ?? await pool.borrow(caller);
    let isSpoiled = true;
    try {
      isSpoiled = await forCaller(borrowed.connection, () => work(borrowed.connection), caller, this.#clock);
    } catch (error) {
      isSpoiled = error instanceof Failure && error.kind === "Canceled";
      throw error;
    } finally {
      pool.giveBack(borrowed, isSpoiled);
    }
  }

  #poolOf({ driver, bounds }: ServerSettings): ConnectionPool {
    return new ConnectionPool({
      id: this.#id,
      clock: this.#clock,
      bounds,
      connect: () => driver.connect(),
    });
  }
}
