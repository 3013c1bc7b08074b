/**
 * Numbers under which the VM knows the columns of records.
 *
 * A shape is never forgotten; past `SHAPES_MAX` of them, records of other columns go to Lua as any table does.
 */
import { type Cell, type Columns, Fields, type Records } from "../core/mod.ts";
import { LuaFloat, type LuaValue } from "./value.ts";

const SHAPES_MAX = 4096;
const COLUMNS_MAX = 4096;
/** The number of columns that have none. */
export const NO_SHAPE = -1;

/** The shapes of one universe. */
export class Shapes {
  readonly #define: (names: readonly string[]) => number;
  readonly #ids = new Map<string, number>();

  /** `define` makes the VM know names; its answer is below zero when there is no memory for them. */
  constructor(define: (names: readonly string[]) => number) {
    this.#define = define;
  }

  /** The number of some columns. */
  idOf(columns: Columns): number {
    return columns.keeper === this ? columns.kept : this.#find(columns);
  }

  #find(columns: Columns): number {
    const { names } = columns;
    if (names.length === 0 || names.length > COLUMNS_MAX) return NO_SHAPE;
    const key = JSON.stringify(names);
    let id = this.#ids.get(key);
    if (id === undefined) {
      if (this.#ids.size >= SHAPES_MAX) return NO_SHAPE;
      id = Math.max(this.#define(names), NO_SHAPE);
      if (id === NO_SHAPE) return NO_SHAPE;
      this.#ids.set(key, id);
    }
    columns.keeper = this;
    return columns.kept = id;
  }
}

/** Records, or one, as tables without a shape. */
export function tableOf(value: Records | Fields): LuaValue {
  const { names } = value.columns;
  if (value instanceof Fields) return Object.fromEntries(names.map((name, i) => [name, value.values[i]]));
  return value.rows.map((row) => Object.fromEntries(names.map((name) => [name, exact(row[name])])));
}

function exact(value: Cell | undefined): LuaValue {
  return typeof value === "number" && Number.isInteger(value) ? new LuaFloat(value) : value;
}
