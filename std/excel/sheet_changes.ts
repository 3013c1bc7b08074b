/** What scripts have put into the cells of a sheet. */
import type { CellValue } from "./cell.ts";

/** Values by row and column. */
export class SheetChanges {
  readonly #rows = new Map<number, Map<number, CellValue>>();

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  /** Sets a cell; true when it had not been set before. */
  set(row: number, column: number, value: CellValue): boolean {
    let cells = this.#rows.get(row);
    if (cells === undefined) {
      cells = new Map();
      this.#rows.set(row, cells);
    }
    const isNew = !cells.has(column);
    cells.set(column, value);
    return isNew;
  }

  /** Numbers of rows with changes, in order. */
  rows(): number[] {
    return [...this.#rows.keys()].sort((a, b) => a - b);
  }

  /** Changes of a row, by column in order. */
  cellsOf(row: number): [column: number, value: CellValue][] {
    return [...this.#rows.get(row) ?? []].sort(([a], [b]) => a - b);
  }
}
