/**
 * Values of database servers as the `sql` port has them, and back.
 *
 * Integers are exact, whole floats are wrapped, dates are texts in UTC with whole seconds; whatever has no counterpart stays the
 * text that the server sends.
 */
import { Failure, SQL_RESULT_BYTES_MAX, type Value } from "../../core/mod.ts";
import type { SqlResult } from "../../ports/mod.ts";
import { LuaFloat } from "../../vm/mod.ts";

const DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.\d+)?)?(?:([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?)?$/;
/** What a value costs beside its bytes, as rough as it needs to be for a bound. */
const VALUE_BYTES = 16;

/** An integer in decimal digits. */
export function integerOf(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** A float; one that is whole stays a float. */
export function floatOf(value: number): Value {
  return Number.isInteger(value) ? new LuaFloat(value) as unknown as Value : value;
}

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

/** Takes in rows as they come, up to `SQL_RESULT_BYTES_MAX`. */
export class RowCollector {
  readonly rows: SqlResult["rows"] = [];
  #bytes = 0;

  /** False once the result is too large: then nothing is kept. */
  add(names: readonly string[], values: readonly Value[]): boolean {
    if (this.isFull) return false;
    const row: { [column: string]: Value } = {};
    for (let i = 0; i < names.length; i++) {
      const value = values[i]!;
      this.#bytes += VALUE_BYTES;
      if (typeof value === "string" || value instanceof Uint8Array) this.#bytes += value.length;
      setField(row, names[i]!, value);
    }
    this.rows.push(row);
    if (!this.isFull) return true;
    this.rows.length = 0;
    return false;
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

/** Not by assignment for the one name that means something else. */
function setField(row: { [column: string]: Value }, name: string, value: Value): void {
  if (name !== "__proto__") row[name] = value;
  else Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true });
}
