/**
 * SQLite on `node:sqlite`, which both runtimes have.
 *
 * L1. Whole numbers are bound as integers (the library would bind doubles) and read as numbers while they fit 53 bits, as
 *     bigints beyond. The common case reads without bigints; a statement that met a larger one is read with them from then on.
 * L2. A statement is never run twice for one call unless it can't change anything.
 * L3. A change of the schema drops all kept statements: not every library notices that their columns are other ones then. What is
 *     dropped says so (`isStale`).
 * L4. A query that can't give a second row is not asked for one, where nobody else can change the schema: in memory. Whether it can
 *     is read in the program that SQLite makes of it, once it has run some times.
 */
import { DatabaseSync, type StatementResultingChanges, type StatementSync } from "node:sqlite";
import { Failure, SQL_STATEMENTS_CACHED_MAX, type Value } from "../core/mod.ts";
import { addVectorFunctions, takeVectorMistake } from "./sqlite_vectors.ts";
import type { Sqlite, SqliteColumn, SqliteConnection, SqliteOptions, SqliteStatement } from "../ports/mod.ts";

type Row = { [column: string]: Value };
type Bound = null | number | bigint | string | Uint8Array;

/** What SQLite calls databases that only their connection has. */
const PRIVATE_PATHS = [":memory:", ""];
/** Runs of a query after which its program is read, which takes as long as some of them. */
const RUNS_BEFORE_READING = 16;

/** Time a statement waits for a lock that another connection holds. */
const BUSY_TIMEOUT_MS = 5000;

/** Opens SQLite files. */
export class SystemSqlite implements Sqlite {
  open(path: string, options: SqliteOptions = {}): SqliteConnection {
    try {
      const lenient = options.lenient ?? false;
      const database = new DatabaseSync(path, {
        readOnly: options.readonly ?? false,
        timeout: options.lockWaitMs ?? BUSY_TIMEOUT_MS,
        enableForeignKeyConstraints: !lenient,
        enableDoubleQuotedStringLiterals: lenient,
      });
      addVectorFunctions(database);
      return new Connection(database, options.exact ?? false, PRIVATE_PATHS.includes(path));
    } catch (error) {
      throw sqliteFailure(error, "Unavailable");
    }
  }
}

class Connection implements SqliteConnection {
  readonly #database: DatabaseSync;
  readonly #exact: boolean;
  readonly #isPrivate: boolean;
  /** Least recently used first. */
  readonly #statements = new Map<string, Statement>();
  #latest: Statement | undefined;
  readonly #schemaChanged = (): void => {
    for (const statement of this.#statements.values()) statement.isStale = true;
    this.#statements.clear();
    this.#latest = undefined;
  };

  constructor(database: DatabaseSync, exact: boolean, isPrivate: boolean) {
    this.#database = database;
    this.#exact = exact;
    this.#isPrivate = isPrivate;
  }

  prepare(sql: string): SqliteStatement {
    const latest = this.#latest;
    return latest !== undefined && latest.sql === sql ? latest : this.#latest = this.#find(sql);
  }

  #find(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      this.#statements.delete(sql);
      this.#statements.set(sql, known);
      return known;
    }
    const start = skipBlank(sql);
    if (start === sql.length) throw new Failure("Invalid", "there is no SQL statement", { retryable: false });
    let statement: Statement;
    try {
      const text = start === 0 ? sql : sql.slice(start);
      const Kind = this.#exact ? ExactStatement : LenientStatement;
      statement = new Kind(this.#database.prepare(text), sql, text, this.#schemaChanged);
      if (this.#isPrivate && isRepeatable(text)) statement.program = () => this.#programOf(text);
    } catch (error) {
      throw sqliteFailure(error, "Invalid");
    }
    this.#statements.set(sql, statement);
    if (this.#statements.size > SQL_STATEMENTS_CACHED_MAX) {
      for (const [text, oldest] of this.#statements) {
        oldest.isStale = true;
        this.#statements.delete(text);
        break;
      }
    }
    return statement;
  }

  #programOf(text: string): string[] {
    const steps = this.#database.prepare(`EXPLAIN ${text}`).all() as { opcode: string }[];
    return steps.map(({ opcode }) => opcode);
  }

  exec(sql: string): void {
    try {
      this.#schemaChanged();
      this.#database.exec(sql);
    } catch (error) {
      throw sqliteFailure(error, "Internal");
    }
  }

  close(): void {
    this.#schemaChanged();
    try {
      this.#database.close();
    } catch (error) {
      throw sqliteFailure(error, "Internal");
    }
  }
}

/** What is known of a statement, and what running it may change. */
abstract class Statement implements SqliteStatement {
  /** The text that was asked for, with what stood before and after the statement. */
  readonly sql: string;
  readonly returnsRows: boolean;
  readonly changesRows: boolean;
  readonly columns: readonly SqliteColumn[];
  readonly tail: string;
  isStale = false;
  /** Gives the steps of its program, where they stay what they are for as long as it is kept. */
  program: (() => readonly string[]) | undefined;
  protected readonly statement: StatementSync;
  protected readonly changesSchema: boolean;
  protected readonly schemaChanged: () => void;

  constructor(statement: StatementSync, sql: string, text: string, schemaChanged: () => void) {
    this.sql = sql;
    this.statement = statement;
    this.schemaChanged = schemaChanged;
    this.columns = statement.columns().map(({ name, type }) => ({ name, type: type?.toUpperCase() ?? "" }));
    this.returnsRows = this.columns.length > 0;
    this.changesRows = /^(insert|update|delete|replace)\b/i.test(text) ||
      /^with\b/i.test(text) && /\b(insert|update|delete|replace)\b/i.test(text);
    this.changesSchema = /^(create|alter|drop|attach|detach|vacuum|pragma|rollback)\b/i.test(text);
    const rest = text.slice(statement.sourceSQL.length);
    this.tail = skipBlank(rest) === rest.length ? "" : rest;
  }

  abstract all(params: readonly Value[]): Row[];
  /** How a parameter is bound, and how the id of a row is told. */
  protected abstract readonly bind: Bind;
  protected abstract readonly rowid: (id: number | bigint) => number | bigint;

  run(params: readonly Value[]): { changes: number; lastInsertRowid: number | bigint } {
    try {
      const { changes, lastInsertRowid } = runOnce(this.statement, params, this.bind);
      if (this.changesSchema) this.schemaChanged();
      return { changes: Number(changes), lastInsertRowid: this.rowid(lastInsertRowid) };
    } catch (error) {
      throw sqliteFailure(error, "Internal");
    }
  }

  /** Nothing to do: the library frees a statement when it is no longer reachable. */
  finalize(): void {}
}

/** Of an exact connection. Hot: `tests/bench/services.bench.ts` earns that what it mostly does is one short function. */
class ExactStatement extends Statement {
  protected readonly bind = exactly;
  protected readonly rowid = (id: number | bigint): number | bigint => id;
  #runs = 0;
  #givesOne = false;

  constructor(statement: StatementSync, sql: string, text: string, schemaChanged: () => void) {
    super(statement, sql, text, schemaChanged);
    statement.setReadBigInts(true);
  }

  all(params: readonly Value[]): Row[] {
    try {
      if (this.#givesOne && params.length === 1) {
        const row = this.statement.get(exactly(params[0])) as Row | undefined;
        return row === undefined ? [] : [row];
      }
      const rows = params.length === 1
        ? this.statement.all(exactly(params[0])) as Row[]
        : allRows(this.statement, params, exactly);
      if (this.changesSchema) this.schemaChanged();
      if (++this.#runs === RUNS_BEFORE_READING) this.#readProgram();
      return rows;
    } catch (error) {
      throw sqliteFailure(error, "Internal");
    }
  }

  #readProgram(): void {
    this.#givesOne = this.program !== undefined && endsWithRow(this.program());
  }
}

/** Whether a program of SQLite is over behind the only place where it gives a row. */
function endsWithRow(steps: readonly string[]): boolean {
  const at = steps.indexOf("ResultRow");
  return at >= 0 && steps.lastIndexOf("ResultRow") === at && steps[at + 1] === "Halt";
}

/** Of a connection that tells whole numbers and floats apart by their size alone. */
class LenientStatement extends Statement {
  protected readonly bind = leniently;
  protected readonly rowid = narrowed;
  readonly #repeatable: boolean;
  #readsBigints = false;

  constructor(statement: StatementSync, sql: string, text: string, schemaChanged: () => void) {
    super(statement, sql, text, schemaChanged);
    this.#repeatable = isRepeatable(text);
    if (this.returnsRows && !this.#repeatable) this.#readBigints();
  }

  all(params: readonly Value[]): Row[] {
    try {
      if (!this.#readsBigints) {
        try {
          const rows = allRows(this.statement, params, leniently);
          if (this.changesSchema) this.schemaChanged();
          return rows;
        } catch (error) {
          if (!this.#repeatable || (error as { code?: string }).code !== "ERR_OUT_OF_RANGE") throw error;
          this.#readBigints();
        }
      }
      const rows = allRows(this.statement, params, leniently);
      for (const row of rows) narrow(row);
      if (this.changesSchema) this.schemaChanged();
      return rows;
    } catch (error) {
      throw sqliteFailure(error, "Internal");
    }
  }

  #readBigints(): void {
    this.#readsBigints = true;
    this.statement.setReadBigInts(true);
  }
}

// Few parameters deserve the short way: no list of bound values, no spread.

type Bind = (value: Value) => Bound;

function allRows(statement: StatementSync, params: readonly Value[], bind: Bind): Row[] {
  switch (params.length) {
    case 0:
      return statement.all() as Row[];
    case 1:
      return statement.all(bind(params[0])) as Row[];
    case 2:
      return statement.all(bind(params[0]), bind(params[1])) as Row[];
    default:
      return statement.all(...params.map(bind)) as Row[];
  }
}

function runOnce(statement: StatementSync, params: readonly Value[], bind: Bind): StatementResultingChanges {
  switch (params.length) {
    case 0:
      return statement.run();
    case 1:
      return statement.run(bind(params[0]));
    case 2:
      return statement.run(bind(params[0]), bind(params[1]));
    case 3:
      return statement.run(bind(params[0]), bind(params[1]), bind(params[2]));
    default:
      return statement.run(...params.map(bind));
  }
}

/** A parameter of an exact connection. */
function exactly(value: Value): Bound {
  return typeof value === "bigint" || typeof value === "number" ? value : bound(value);
}

/** A parameter of any other: whole numbers are integers. */
function leniently(value: Value): Bound {
  if (typeof value !== "number") return typeof value === "bigint" ? value : bound(value);
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? BigInt(value) : value;
}

function bound(value: Value): Bound {
  switch (typeof value) {
    case "string":
      return value.includes("\0") ? encoder.encode(value) : value;
    case "boolean":
      return value ? 1n : 0n;
    case "undefined":
      return null;
    default:
      if (value === null || value instanceof Uint8Array) return value;
      throw new Failure("Invalid", "a table can't be a SQL parameter", { retryable: false });
  }
}

const encoder = new TextEncoder();

/** Where the first statement of `sql` starts: after space, comments and lone semicolons. */
function skipBlank(sql: string): number {
  return /^(?:[\s;]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))*/.exec(sql)![0].length;
}

/** True when running `sql` again changes nothing. */
function isRepeatable(sql: string): boolean {
  if (/^(select|values|explain)\b/i.test(sql)) return true;
  return /^with\b/i.test(sql) && !/\b(insert|update|delete|replace)\b/i.test(sql);
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
  if (/cannot be converted to a SQLite value/.test(message)) {
    return new Failure("Invalid", takeVectorMistake() ?? message, { cause: error, retryable: false });
  }
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
