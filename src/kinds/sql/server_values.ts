/**
 * Values of database servers as the `sql` port has them, and back.
 *
 * Integers are bigints and floats numbers, as cells have it; dates are texts in UTC with whole seconds; whatever has no
 * counterpart stays the text that the server sends.
 */
import { type Cell, Columns, Failure, Records, SQL_RESULT_BYTES_MAX, type Value } from "../../core/mod.ts";
import { LuaFloat } from "../../vm/mod.ts";

const DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.\d+)?)?(?:([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?)?$/;
/** What a value costs beside its bytes, as rough as it needs to be for a bound. */
const VALUE_BYTES = 16;

/** `2024-01-15T10:30:00Z` for a date or a point in time; without an offset it is in UTC. Other texts as they are. */
export function dateOf(text: string): string {
  const match = DATE.exec(text);
  if (match === null) return text;
  const [, year, month, day, hour = "0", minute = "0", second = "0", sign, hours = "0", minutes, seconds] =
    match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // A date that there isn't, such as MySQL's zero date, is none.
  if (date.getUTCMonth() !== Number(month) - 1) return text;
  const offset = (Number(hours) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0);
  const time = (Number(hour) * 60 + Number(minute)) * 60 + Number(second);
  const ms = date.getTime() + (time + (sign === "-" ? offset : -offset)) * 1000;
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Refuses what SQL has no value for; a float is a plain number afterwards. */
export function plainParam(value: Value): string | number | bigint | boolean | null | Uint8Array {
  switch (typeof value) {
    case "number":
    case "string":
    case "bigint":
    case "boolean":
      return value;
    case "undefined":
      return null;
    default: {
      if (value === null || value instanceof Uint8Array) return value;
      const plain: unknown = value;
      if (plain instanceof LuaFloat) return plain.value;
      throw new Failure("Invalid", "a table can't be a SQL parameter", { retryable: false });
    }
  }
}

const NO_COLUMNS = new Columns([]);

/** Takes in rows as they come, up to `SQL_RESULT_BYTES_MAX`. */
export class RowCollector {
  #columns = NO_COLUMNS;
  #names: readonly string[] = [];
  #rows: { [column: string]: Cell }[] = [];
  #bytes = 0;

  /** Begins with other columns; of several statements in one text the last one's rows count. `names` may hold one twice. */
  begin(columns: Columns, names: readonly string[]): void {
    this.#columns = columns;
    this.#names = names;
    this.#rows = [];
  }

  /** False once the result is too large: then nothing is kept. */
  add(values: readonly Cell[]): boolean {
    if (this.isFull) return false;
    const row: { [column: string]: Cell } = {};
    const names = this.#names;
    for (let i = 0; i < names.length; i++) {
      const value = values[i]!;
      this.#bytes += VALUE_BYTES;
      if (typeof value === "string" || value instanceof Uint8Array) this.#bytes += value.length;
      setField(row, names[i]!, value);
    }
    this.#rows.push(row);
    if (!this.isFull) return true;
    this.#rows = [];
    return false;
  }

  /** What was taken in. */
  get records(): Records {
    return new Records(this.#columns, this.#rows);
  }

  /** True when there was more than may be kept. */
  get isFull(): boolean {
    return this.#bytes > SQL_RESULT_BYTES_MAX;
  }

  /** What a caller is told then. */
  get failure(): Failure {
    const most = SQL_RESULT_BYTES_MAX / 1024 / 1024;
    return new Failure(
      "LimitExceeded",
      `the result is larger than ${most} MB; ask for fewer rows or columns`,
      {
        retryable: false,
      },
    );
  }
}

/** Columns of these names, each once. */
export function columnsNamed(names: readonly string[]): Columns {
  return new Columns([...new Set(names)]);
}

/** Sets a column of a row; not by assignment for the one name that means something else. */
export function setField<T>(row: { [column: string]: T }, name: string, value: T): void {
  if (name !== "__proto__") row[name] = value;
  else Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true });
}
