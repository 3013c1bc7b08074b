/**
 * Rows of a table or query, as they come from whoever has them.
 *
 * A column's whole numbers are bigints and its floats numbers, so that the two stay apart without a wrapper for either.
 */
import type { ValueMap } from "./value.ts";

/** A value of a row. */
export type Cell = null | boolean | number | bigint | string | Uint8Array;

/** Names of columns, each once. Made once per statement, for whoever reads the rows keeps here what it knows them by. */
export class Columns {
  readonly names: readonly string[];
  keeper: unknown = undefined;
  kept = 0;

  constructor(names: readonly string[]) {
    this.names = names;
  }
}

/** Rows that share their columns. */
export class Records {
  // Declared alone: giving them a value before the constructor does takes longer than that.
  declare readonly columns: Columns;
  declare readonly rows: readonly { [column: string]: Cell }[];

  constructor(columns: Columns, rows: readonly { [column: string]: Cell }[]) {
    this.columns = columns;
    this.rows = rows;
  }
}

/** One record with keys that come again and again. A number that is whole is an integer here. */
export class Fields {
  declare readonly columns: Columns;
  /** As many as there are columns. */
  declare readonly values: readonly Cell[];

  constructor(columns: Columns, values: readonly Cell[]) {
    this.columns = columns;
    this.values = values;
  }
}

/** The rows of either form, for whoever knows what their columns hold. */
export function rowList(rows: ValueMap[] | Records): readonly ValueMap[] {
  return rows instanceof Records ? rows.rows : rows;
}
