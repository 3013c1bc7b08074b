/**
 * SQLite's values as the `sql` port has them, and back.
 *
 * Columns declared as booleans or dates are read as such, whatever they are stored as. Hot: `tests/bench/services.bench.ts`.
 */
import { type Cell, Columns, Failure, Records, type Value } from "../../core/mod.ts";
import type { SqliteColumn } from "../../ports/mod.ts";
import { LuaFloat } from "../../vm/mod.ts";

/** Rows as an exact connection gives them. */
export type Rows = { [column: string]: Cell }[];

/** How a column differs from what is stored. */
type Reading = "boolean" | "date";

/** How rows are read: their columns, and the readings of those that need one. */
export interface RowPlan {
  readonly columns: Columns;
  /** undefined when there is nothing to do, as is usual. */
  readonly readings: ReadonlyMap<string, Reading> | undefined;
}

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
  return { columns: new Columns([...new Set(columns.map(({ name }) => name))]), readings };
}

/** Rows as the port promises them; dates and booleans are replaced in place. */
export function readRows(rows: Rows, { columns, readings }: RowPlan): Records {
  if (readings !== undefined) { for (let i = 0; i < rows.length; i++) applyReadings(rows[i]!, readings); }
  return new Records(columns, rows);
}

function applyReadings(row: Rows[number], readings: ReadonlyMap<string, Reading>): void {
  for (const [column, reading] of readings) {
    const value = row[column];
    const number = typeof value === "bigint" ? narrow(value) : value;
    if (typeof value === "number" && Number.isInteger(value)) continue;
    if (reading === "date") row[column] = dateText(number) ?? value!;
    else if (typeof number === "number") row[column] = number !== 0;
  }
}

/** A whole number as it is when it fits, else as bigint. */
function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** `2024-01-15T10:30:00Z` for whatever SQLite programs keep dates as; undefined for other values. */
function dateText(value: Cell | undefined): string | undefined {
  if (typeof value === "number") return printDate(Math.abs(value) > SECONDS_MAX ? value : value * 1000);
  if (typeof value !== "string") return undefined;
  const match = DATE.exec(value);
  if (match === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", zone = "Z"] = match;
  const at = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return printDate(at - zoneMs(zone));
}

function zoneMs(zone: string): number {
  if (zone.toUpperCase() === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function printDate(ms: number): string | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : `${date.toISOString().slice(0, 19)}Z`;
}

/** Parameters as an exact connection wants them; the same list when they are so already. */
export function bindAll(params: readonly Value[]): readonly Value[] {
  for (let i = 0; i < params.length; i++) {
    const value = params[i];
    const isBound = typeof value === "bigint" || typeof value === "string" || value === null ||
      typeof value === "number" && !Number.isInteger(value);
    if (!isBound) return boundFrom(params, i);
  }
  return params;
}

function boundFrom(params: readonly Value[], start: number): Value[] {
  const bound = params.slice();
  for (let i = start; i < bound.length; i++) bound[i] = bindable(bound[i]);
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
