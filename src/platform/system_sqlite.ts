/**
 * SQLite on `node:sqlite`, which both runtimes have.
 *
 * L1. Whole numbers are bound as integers (the library would bind doubles) and read as numbers while they fit 53 bits, as
 *     bigints beyond. The common case reads without bigints; a statement that met a larger one is read with them from then on.
 * L2. A statement is never run twice for one call unless it can't change anything.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { Failure, SQL_STATEMENTS_CACHED_MAX, type Value } from "../core/mod.ts";
import type { Sqlite, SqliteConnection, SqliteStatement } from "../ports/mod.ts";

type Row = { [column: string]: Value };
type Bound = null | number | bigint | string | Uint8Array;

/** Time a statement waits for a lock that another connection holds. */
const BUSY_TIMEOUT_MS = 5000;

/** Opens SQLite files. */
export class SystemSqlite implements Sqlite {
  open(path: string, options: { readonly?: boolean } = {}): SqliteConnection {
    try {
      const database = new DatabaseSync(path, {
        readOnly: options.readonly ?? false,
        timeout: BUSY_TIMEOUT_MS,
      });
      return new Connection(database);
    } catch (error) {
      throw sqliteFailure(error, "Unavailable");
    }
  }
}

class Connection implements SqliteConnection {
  readonly #database: DatabaseSync;
  /** Least recently used first. */
  readonly #statements = new Map<string, Statement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      this.#statements.delete(sql);
      this.#statements.set(sql, known);
      return known;
    }
    let statement: Statement;
    try {
      statement = new Statement(this.#database.prepare(sql), sql);
    } catch (error) {
      throw sqliteFailure(error, "Invalid");
    }
    this.#statements.set(sql, statement);
    if (this.#statements.size > SQL_STATEMENTS_CACHED_MAX) {
      for (const oldest of this.#statements.keys()) {
        this.#statements.delete(oldest);
        break;
      }
    }
    return statement;
  }

  exec(sql: string): void {
    try {
      this.#database.exec(sql);
    } catch (error) {
      throw sqliteFailure(error, "Internal");
    }
  }

  close(): void {
    this.#statements.clear();
    try {
      this.#database.close();
    } catch (error) {
      throw sqliteFailure(error, "Internal");
    }
  }
}

class Statement implements SqliteStatement {
  readonly #statement: StatementSync;
  readonly returnsRows: boolean;
  readonly #repeatable: boolean;
  #reading: "numbers" | "bigints" = "numbers";

  constructor(statement: StatementSync, sql: string) {
    this.#statement = statement;
    this.returnsRows = statement.columns().length > 0;
    this.#repeatable = isRepeatable(sql);
    if (this.returnsRows && !this.#repeatable) this.#readBigints();
  }

  all(params: Value[]): Row[] {
    try {
      if (this.#reading === "numbers") {
        try {
          return this.#rows(params);
        } catch (error) {
          if (!this.#repeatable || (error as { code?: string }).code !== "ERR_OUT_OF_RANGE") throw error;
          this.#readBigints();
        }
      }
      const rows = this.#rows(params);
      for (const row of rows) narrow(row);
      return rows;
    } catch (error) {
      throw sqliteFailure(error, "Internal");
    }
  }

  run(params: Value[]): { changes: number; lastInsertRowid: number | bigint } {
    try {
      const result = params.length === 1
        ? this.#statement.run(bind(params[0]))
        : this.#statement.run(...params.map(bind) as Bound[]);
      return { changes: Number(result.changes), lastInsertRowid: narrowed(result.lastInsertRowid) };
    } catch (error) {
      throw sqliteFailure(error, "Internal");
    }
  }

  /** Nothing to do: the library frees a statement when it is no longer reachable. */
  finalize(): void {}

  #rows(params: Value[]): Row[] {
    // The point select deserves the short way: no list of bound values, no spread.
    if (params.length === 1) return this.#statement.all(bind(params[0])) as Row[];
    if (params.length === 0) return this.#statement.all() as Row[];
    return this.#statement.all(...params.map(bind) as Bound[]) as Row[];
  }

  #readBigints(): void {
    this.#reading = "bigints";
    this.#statement.setReadBigInts(true);
  }
}

/** True when running `sql` again changes nothing. */
function isRepeatable(sql: string): boolean {
  const text = sql.replace(/^(\s|--[^\n]*(\n|$)|\/\*[\s\S]*?\*\/)+/, "");
  if (/^(select|values|explain)\b/i.test(text)) return true;
  return /^with\b/i.test(text) && !/\b(insert|update|delete|replace)\b/i.test(text);
}

function bind(value: Value): Bound {
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? BigInt(value) : value;
    case "string":
    case "bigint":
      return value;
    case "boolean":
      return value ? 1n : 0n;
    case "undefined":
      return null;
    default:
      if (value === null || value instanceof Uint8Array) return value;
      throw new Failure("Invalid", "a table can't be a SQL parameter", { retryable: false });
  }
}

function narrow(row: Row): void {
  for (const column in row) {
    const value = row[column];
    if (typeof value === "bigint") row[column] = narrowed(value);
  }
}

function narrowed(value: number | bigint): number | bigint {
  if (typeof value === "number") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The failure behind a library error; told apart by the database's message, since not both runtimes give its code. */
function sqliteFailure(error: unknown, fallback: Failure["kind"]): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  const failure = (kind: Failure["kind"], retryable: boolean): Failure =>
    new Failure(kind, message, { cause: error, retryable });
  if (/^UNIQUE constraint failed/.test(message)) return failure("AlreadyExists", false);
  if (/constraint failed/.test(message)) return failure("Invalid", false);
  if (/(is|table) locked|busy/.test(message)) return failure("Unavailable", true);
  if (/readonly database/.test(message)) return failure("PermissionDenied", false);
  if (/disk is full|disk I\/O error/.test(message)) return failure("Unavailable", true);
  if (/column index out of range/.test(message)) return failure("Invalid", false);
  if (/bind|too large/.test(message) && (error as { code?: string }).code === "ERR_INVALID_ARG_VALUE") {
    return failure("Invalid", false);
  }
  return failure(fallback, false);
}
