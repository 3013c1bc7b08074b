/**
 * A key-value store in a table of a SQL database.
 *
 * Values are JSON text (see `stored_json.ts`), expiry is whole Unix seconds, rounded up. There are no versions, hence no
 * conditional writes: not every table that is used this way has room for them.
 */
import { Failure, rowList, type Value } from "../../core/mod.ts";
import {
  type Clock,
  type Log,
  type Resources,
  type SqlDatabase,
  SqlResource,
  type Store,
  type StoreEntry,
  type StoreInfo,
  type StorePage,
  type TimerHandle,
} from "../../ports/mod.ts";
import { LuaFloat } from "../../vm/mod.ts";
import { parseStored, printStored } from "./stored_json.ts";

/** Where the pairs are. Names are trusted: whoever makes this has checked them. */
export interface SqlStoreTable {
  readonly database: string;
  /** `table` or `schema.table`. */
  readonly table: string;
  readonly key: string;
  readonly value: string;
  readonly expires: string;
}

/** Statements of one dialect. */
interface Statements {
  readonly get: string;
  readonly put: string;
  readonly remove: string;
  readonly list: string;
  readonly cleanup: string;
}

const encoder = new TextEncoder();

/** The store of `store.sql`. */
export class SqlStore implements Store {
  readonly #id: string;
  readonly #resources: Resources;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #table: SqlStoreTable;
  readonly #cleanupMs: number;
  #timer: TimerHandle | undefined;
  #closed = false;
  #statements: Statements | undefined;
  #type: SqlDatabase["type"] | undefined;

  /** `cleanupMs` is the time between removals of what has expired, 0 for never. */
  constructor(
    id: string,
    services: { resources: Resources; clock: Clock; log: Log },
    table: SqlStoreTable,
    cleanupMs: number,
  ) {
    this.#id = id;
    this.#resources = services.resources;
    this.#clock = services.clock;
    this.#log = services.log;
    this.#table = table;
    this.#cleanupMs = cleanupMs;
    this.#schedule();
  }

  info(): StoreInfo {
    return {
      id: this.#id,
      backend: "sql",
      consistency: "linearizable",
      durable: true,
      list: true,
      versioned: false,
      conditional_put: false,
      ttl: true,
    };
  }

  entry(key: string): StoreEntry | undefined | Promise<StoreEntry | undefined> {
    const { database, statements } = this.#open();
    const rows = database.query(statements.get, [key, this.#nowSeconds()]);
    return rows instanceof Promise
      ? rows.then((later) => this.#entryOf(key, rowList(later)[0]))
      : this.#entryOf(key, rowList(rows)[0]);
  }

  put(
    key: string,
    value: Value,
    options: { ttlSeconds: number; onlyIfAbsent?: boolean; ifVersion?: string },
  ): StoreEntry | Promise<StoreEntry> {
    if (options.onlyIfAbsent || options.ifVersion !== undefined) {
      throw new Failure("Invalid", "operation not supported by this store", { retryable: false });
    }
    const { database, statements } = this.#open();
    const expires = options.ttlSeconds === 0
      ? null
      : Math.ceil(this.#clock.nowMs() / 1000 + options.ttlSeconds);
    const done = database.execute(statements.put, [key, encoder.encode(printStored(value)), expires]);
    const entry = { key, value, version: "" };
    return done instanceof Promise ? done.then(() => entry) : entry;
  }

  delete(key: string): boolean | Promise<boolean> {
    const { database, statements } = this.#open();
    const done = database.execute(statements.remove, [key, this.#nowSeconds()]);
    return done instanceof Promise ? done.then((result) => result.rowsAffected > 0) : done.rowsAffected > 0;
  }

  list(
    { prefix, after, limit }: { prefix: string; after: string; limit: number },
  ): StorePage | Promise<StorePage> {
    const { database, statements } = this.#open();
    const bytes = this.#type === "mysql" ? encoder.encode(prefix).length : [...prefix].length;
    const rows = database.query(statements.list, [
      after,
      prefix,
      bytes,
      prefix,
      this.#nowSeconds(),
      limit + 1,
    ]);
    return rows instanceof Promise
      ? rows.then((later) => this.#page(rowList(later), after, limit))
      : this.#page(rowList(rows), after, limit);
  }

  /** Ends the cleanup. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#cleanupMs <= 0 || this.#closed) return;
    this.#timer = this.#clock.timer(this.#cleanupMs, () => {
      this.#cleanup().catch((error: unknown) => {
        this.#log.warn("store cleanup failed", { store: this.#id, error: String(error) });
      }).finally(() => this.#schedule());
    }, { background: true });
  }

  async #cleanup(): Promise<void> {
    const { database, statements } = this.#open();
    await database.execute(statements.cleanup, [this.#nowSeconds()]);
  }

  #page(rows: readonly { [column: string]: Value }[], after: string, limit: number): StorePage {
    const items = rows.slice(0, limit).map((row) => this.#entryOf(textOf(row["k"]), row)!);
    return { items, cursor: items.at(-1)?.key ?? after, has_more: rows.length > limit };
  }

  #entryOf(key: string, row: { [column: string]: Value } | undefined): StoreEntry | undefined {
    return row === undefined ? undefined : { key, value: parseStored(textOf(row["v"])), version: "" };
  }

  #nowSeconds(): number {
    return Math.floor(this.#clock.nowMs() / 1000);
  }

  #open(): { database: SqlDatabase; statements: Statements } {
    const database = this.#resources.find(SqlResource, this.#table.database);
    if (database === undefined) {
      throw new Failure(
        "Unavailable",
        `store ${this.#id}: database ${this.#table.database} is not available`,
        { retryable: true },
      );
    }
    if (this.#statements === undefined || this.#type !== database.type) {
      this.#type = database.type;
      this.#statements = statementsFor(database.type, this.#table);
    }
    return { database, statements: this.#statements };
  }
}

function textOf(value: Value): string {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  const plain: unknown = value;
  return plain instanceof LuaFloat ? `${plain.value}.0` : String(value);
}

function statementsFor(type: SqlDatabase["type"], names: SqlStoreTable): Statements {
  const mark = type === "mysql" ? "`" : '"';
  const quote = (name: string): string => name.split(".").map((part) => `${mark}${part}${mark}`).join(".");
  const [table, key, value, expires] = [names.table, names.key, names.value, names.expires].map(quote) as [
    string,
    string,
    string,
    string,
  ];
  let count = 0;
  const next = (): string => type === "postgres" ? `$${++count}` : "?";
  const statement = (build: () => string): string => {
    count = 0;
    return build();
  };
  const alive = (): string => `(${expires} IS NULL OR ${expires} > ${next()})`;
  // Order and prefix must not depend on the language that a database sorts by.
  const bytes = type === "mysql"
    ? `CAST(${key} AS BINARY)`
    : type === "postgres"
    ? `${key} COLLATE "C"`
    : key;
  const start = type === "mysql"
    ? `SUBSTRING(${bytes}, 1, ?)`
    : type === "postgres"
    ? ""
    : `substr(${key}, 1, ?)`;
  const replace = type === "mysql"
    ? `ON DUPLICATE KEY UPDATE ${value} = VALUES(${value}), ${expires} = VALUES(${expires})`
    : `ON CONFLICT (${key}) DO UPDATE SET ${value} = excluded.${value}, ${expires} = excluded.${expires}`;
  return {
    get: statement(() => `SELECT ${value} AS v FROM ${table} WHERE ${key} = ${next()} AND ${alive()}`),
    put: statement(() =>
      `INSERT INTO ${table} (${key}, ${value}, ${expires}) VALUES (${next()}, ${next()}, ${next()}) ${replace}`
    ),
    remove: statement(() => `DELETE FROM ${table} WHERE ${key} = ${next()} AND ${alive()}`),
    list: statement(() =>
      `SELECT ${key} AS k, ${value} AS v FROM ${table} WHERE ${bytes} > ${next()} AND ${bytes} >= ${next()} AND ` +
      `${
        type === "postgres" ? `left(${key}, ${next()}::int)` : start
      } = ${next()} AND ${alive()} ORDER BY ${bytes} LIMIT ${next()}`
    ),
    cleanup: statement(() => `DELETE FROM ${table} WHERE ${expires} IS NOT NULL AND ${expires} <= ${next()}`),
  };
}
