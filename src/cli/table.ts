/** Columns of text for people. */
import type { Style } from "./output.ts";

/** Lines of a table: a dimmed head, columns as wide as their widest cell, numbers to the right. */
export function printTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  style: Style,
  right: readonly number[] = [],
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length))
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) =>
      right.includes(column)
        ? cell.padStart(widths[column]!)
        : column === cells.length - 1
        ? cell
        : cell.padEnd(widths[column]!)
    ).join("  ").trimEnd();
  return [style.dim(line(head)), ...rows.map(line)].join("\n");
}
