/**
 * The rows of a sheet, one after the other.
 *
 * R1. Only what one piece of the file holds is in memory; rows that the file leaves out come as empty ones.
 * R2. What scripts have put into cells stands in for what the file has there.
 */
import type { Pull } from "../archive/source.ts";
import {
  type CellValue,
  COLUMN_MAX,
  internal,
  type NumberStyle,
  numberText,
  parseReference,
  ROW_MAX,
} from "./cell.ts";
import type { SheetChanges } from "./sheet_changes.ts";
import { type Attributes, TextBuffer, XmlReader } from "./xml.ts";

/** What cells of the file refer to. */
export interface SheetContext {
  readonly strings: readonly string[];
  readonly styles: readonly NumberStyle[];
  readonly is1904: boolean;
}

/** A value put in by a script, as text. */
function changedText(value: CellValue): string {
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  return typeof value === "number" ? numberText(String(value), "plain", false) : value;
}

/** A row with its number. */
interface NumberedRow {
  readonly number: number;
  readonly cells: string[];
}

/** Makes rows of the elements of a sheet. */
class RowBuilder {
  readonly #context: SheetContext;
  readonly rows: NumberedRow[] = [];
  readonly #buffer = new TextBuffer();
  #row: NumberedRow | undefined;
  #lastRow = 0;
  #column = 0;
  #type = "";
  #style: NumberStyle = "plain";
  #text: string | undefined;
  #isText = false;
  #inData = false;
  #phonetic = 0;

  constructor(context: SheetContext) {
    this.#context = context;
  }

  open(name: string, attributes: Attributes): void {
    if (name === "sheetData") this.#inData = true;
    if (!this.#inData) return;
    switch (name) {
      case "row":
        this.#openRow(attributes["r"]);
        break;
      case "c":
        this.#openCell(attributes);
        break;
      case "rPh":
        this.#phonetic++;
        break;
      case "v":
      case "t":
        this.#isText = this.#phonetic === 0;
    }
  }

  #openRow(written: string | undefined): void {
    const number = written === undefined ? this.#lastRow + 1 : Number(written);
    if (!Number.isInteger(number) || number <= this.#lastRow || number > ROW_MAX) {
      throw internal(`invalid Excel file: row ${written} after row ${this.#lastRow}`);
    }
    this.#lastRow = number;
    this.#row = { number, cells: [] };
    this.#column = 0;
  }

  #openCell(attributes: Attributes): void {
    const reference = attributes["r"];
    const column = reference === undefined ? this.#column + 1 : parseReference(reference)?.column;
    if (column === undefined || column > COLUMN_MAX) throw internal(`invalid Excel file: cell ${reference}`);
    this.#column = column;
    this.#type = attributes["t"] ?? "n";
    this.#style = this.#context.styles[Number(attributes["s"] ?? -1)] ?? "plain";
    this.#text = undefined;
  }

  text(text: string): void {
    if (this.#isText) this.#buffer.add(text);
  }

  close(name: string): void {
    if (!this.#inData) return;
    switch (name) {
      case "v":
      case "t":
        if (this.#isText) this.#text = (this.#text ?? "") + this.#buffer.take();
        this.#isText = false;
        break;
      case "rPh":
        this.#phonetic--;
        break;
      case "c":
        this.#closeCell();
        break;
      case "row":
        if (this.#row !== undefined) this.rows.push(this.#row);
        this.#row = undefined;
        break;
      case "sheetData":
        this.#inData = false;
    }
  }

  #closeCell(): void {
    const shown = this.#shown(this.#text);
    if (shown === "" || this.#row === undefined) return;
    const { cells } = this.#row;
    while (cells.length < this.#column - 1) cells.push("");
    cells[this.#column - 1] = shown;
  }

  #shown(text: string | undefined): string {
    if (text === undefined) return "";
    switch (this.#type) {
      case "s":
        return this.#context.strings[Number(text)] ?? "";
      case "b":
        return text.trim() === "1" || text === "true" ? "TRUE" : "FALSE";
      case "n":
        return numberText(text, this.#style, this.#context.is1904);
      default:
        return text;
    }
  }
}

/** Reads the rows of a sheet. */
export class SheetReader {
  readonly #reader: XmlReader;
  readonly #builder: RowBuilder;
  readonly #changes: SheetChanges;
  readonly #changedRows: readonly number[];
  #changedAt = 0;
  #number = 0;
  #isMore = true;

  constructor(
    library: typeof import("htmlparser2"),
    pull: Pull,
    context: SheetContext,
    changes: SheetChanges,
  ) {
    const builder = new RowBuilder(context);
    this.#builder = builder;
    this.#changes = changes;
    this.#changedRows = changes.rows();
    this.#reader = new XmlReader(library, pull, {
      open: (name, attributes) => builder.open(name, attributes),
      close: (name) => builder.close(name),
      text: (text) => builder.text(text),
    });
  }

  /** The next row; undefined after the last one. */
  async next(): Promise<string[] | undefined> {
    while (this.#builder.rows.length === 0 && this.#isMore) this.#isMore = await this.#reader.step();
    const written = this.#builder.rows[0];
    const changed = this.#changedRows[this.#changedAt];
    if (written === undefined && changed === undefined) return undefined;
    const number = ++this.#number;
    const cells = written?.number === number ? this.#builder.rows.shift()!.cells : [];
    if (changed === number) {
      this.#changedAt++;
      this.#change(number, cells);
    }
    while (cells.at(-1) === "") cells.pop();
    return cells;
  }

  #change(number: number, cells: string[]): void {
    for (const [column, value] of this.#changes.cellsOf(number)) {
      while (cells.length < column) cells.push("");
      cells[column - 1] = changedText(value);
    }
  }
}
