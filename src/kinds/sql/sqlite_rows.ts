/**
 * SQLite's values as the `sql` port has them, and back.
 *
 * INTEGER comes as bigint and REAL as number from an exact connection; the port wants numbers and wrapped whole floats.
 * Columns declared as booleans or dates are read as such, whatever they are stored as. Hot: `tests/bench/sql.ts`.
 */
import { Failure, type Value } from "../../core/mod.ts";
import type { SqliteColumn } from "../../ports/mod.ts";
import { LuaFloat } from "../../vm/mod.ts";

/** Rows of a result. */
export type Rows = { [column: string]: Value }[];

/** How a column differs from what is stored. */
type Reading = "boolean" | "date";

/** How rows are read: the names of their columns, and the readings of those that need one. */
export interface RowPlan {
  readonly names: readonly string[];
  /** undefined when there is nothing to do, as is usual. */
  readonly readings: ReadonlyMap<string, Reading> | undefined;
}

/** The plan of rows without columns. */
export const NO_PLAN: RowPlan = { names: [], readings: undefined };

/** Past this a whole number in a date column is in milliseconds. */
const SECONDS_MAX = 1e12;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/i;

/** How the rows of a statement are read. */
export function planOf(columns: readonly SqliteColumn[]): RowPlan {
  let readings: Map<string, Reading> | undefined;
  for (const { name, type } of columns) {
    const reading = /^BOOL/.test(type) ? "boolean" : /^(DATE|TIMESTAMP)/.test(type) ? "date" : undefined;
    if (reading !== undefined) (readings ??= new Map()).set(name, reading);
  }
  return { names: [...new Set(columns.map(({ name }) => name))], readings };
}

/** Turns rows into what the port promises, in place. */
export function convertRows(rows: Rows, { names, readings }: RowPlan): Rows {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    for (let column = 0; column < names.length; column++) {
      const name = names[column]!;
      const value = row[name];
      if (typeof value === "bigint") row[name] = narrow(value);
      else if (typeof value === "number" && Number.isInteger(value)) row[name] = wholeFloat(value);
    }
    if (readings !== undefined) applyReadings(row, readings);
  }
  return rows;
}

function applyReadings(row: Rows[number], readings: ReadonlyMap<string, Reading>): void {
  for (const [column, reading] of readings) {
    const value = row[column];
    if (value === null || value === undefined) continue;
    if (reading === "date") row[column] = dateText(value);
    else if (typeof value === "number") row[column] = value !== 0;
  }
}

/** A whole number as it is when it fits, else as bigint. */
export function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function wholeFloat(value: number): Value {
  return new LuaFloat(value) as unknown as Value;
}

/** `2024-01-15T10:30:00Z` for whatever SQLite programs keep dates as; other values as they are. */
function dateText(value: Value): Value {
  const plain: unknown = value;
  if (typeof plain === "number") {
    return printDate(Math.abs(plain) > SECONDS_MAX ? plain : plain * 1000, value);
  }
  if (typeof plain !== "string") return value;
  const match = DATE.exec(plain);
  if (match === null) return value;
  const [, year, month, day, hour = "0", minute = "0", second = "0", zone = "Z"] = match;
  const at = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return printDate(at - zoneMs(zone), value);
}

function zoneMs(zone: string): number {
  if (zone.toUpperCase() === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function printDate(ms: number, otherwise: Value): Value {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? otherwise : `${date.toISOString().slice(0, 19)}Z`;
}

/** Parameters as an exact connection wants them. */
export function bindAll(params: readonly Value[]): readonly Value[] {
  if (params.length === 0) return params;
  const bound: Value[] = [];
  for (let i = 0; i < params.length; i++) bound.push(bindable(params[i]));
  return bound;
}

/** A parameter as an exact connection wants it. Fails with Invalid for what SQL has no value for. */
function bindable(value: Value): Value {
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) ? BigInt(value) : value;
    case "string":
    case "bigint":
    case "boolean":
      return value;
    case "undefined":
      return null;
    default:
      return bindableObject(value);
  }
}

function bindableObject(value: Value): Value {
  if (value === null || value instanceof Uint8Array) return value;
  const plain: unknown = value;
  if (plain instanceof LuaFloat) return plain.value;
  const what =
    Array.isArray(plain) || Object.getPrototypeOf(plain) === Object.prototype || plain instanceof Map
      ? "table"
      : "value of this type";
  throw new Failure("Invalid", `a ${what} can't be a SQL parameter`, { retryable: false });
}
