/**
 * A sheet written anew with what scripts have put into its cells; everything else of it stays as it is.
 */
import type { Pull } from "../archive/source.ts";
import { type CellValue, columnName, parseReference } from "./cell.ts";
import type { SheetChanges } from "./sheet_changes.ts";
import { type Attributes, escapeXml, XmlReader } from "./xml.ts";

function startTag(raw: string, attributes: Attributes): string {
  let tag = `<${raw}`;
  for (const [name, value] of Object.entries(attributes)) tag += ` ${name}="${escapeXml(value)}"`;
  return `${tag}>`;
}

/** A cell with a value; the style of the cell it replaces stays. */
function cellElement(prefix: string, reference: string, value: CellValue, style: string | undefined): string {
  const start = `<${prefix}c r="${reference}"${style === undefined ? "" : ` s="${escapeXml(style)}"`}`;
  switch (typeof value) {
    case "string":
      return `${start} t="inlineStr"><${prefix}is><${prefix}t xml:space="preserve">${
        escapeXml(value)
      }</${prefix}t></${prefix}is></${prefix}c>`;
    case "boolean":
      return `${start} t="b"><${prefix}v>${value ? 1 : 0}</${prefix}v></${prefix}c>`;
    case "number":
      return `${start}><${prefix}v>${value}</${prefix}v></${prefix}c>`;
    default:
      return `${start}/>`;
  }
}

/** Writes the elements of a sheet as they come, changed where scripts changed them. */
class SheetRewriter {
  readonly #changes: SheetChanges;
  readonly #output: string[] = ['<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'];
  /** Rows with changes that are still to come, the next one last. */
  readonly #rows: number[];
  #cells: [column: number, value: CellValue][] = [];
  #prefix = "";
  #row = 0;
  #column = 0;
  /** Depth within an element that is left out. */
  #skipping = 0;

  constructor(changes: SheetChanges) {
    this.#changes = changes;
    this.#rows = changes.rows().reverse();
  }

  take(): string {
    return this.#output.splice(0).join("");
  }

  open(name: string, attributes: Attributes, raw: string): void {
    if (this.#skipping > 0) {
      this.#skipping++;
      return;
    }
    // The extent may be wrong by now, and nobody needs it.
    if (name === "dimension") this.#skipping = 1;
    else if (name === "row") this.#openRow(attributes, raw);
    else if (name === "c") this.#openCell(attributes, raw);
    else {
      if (name === "sheetData") this.#prefix = raw.slice(0, raw.length - name.length);
      this.#output.push(startTag(raw, attributes));
    }
  }

  #openRow(attributes: Attributes, raw: string): void {
    const number = attributes["r"] === undefined ? this.#row + 1 : Number(attributes["r"]);
    this.#addRows(number);
    this.#row = number;
    this.#column = 0;
    const isChanged = this.#rows.at(-1) === number;
    if (isChanged) this.#rows.pop();
    this.#cells = isChanged ? this.#changes.cellsOf(number).reverse() : [];
    const { spans: _, ...kept } = attributes;
    this.#output.push(startTag(raw, { ...kept, r: String(number) }));
  }

  #openCell(attributes: Attributes, raw: string): void {
    const written = attributes["r"];
    const column = written === undefined
      ? this.#column + 1
      : parseReference(written)?.column ?? this.#column + 1;
    this.#addCells(column);
    this.#column = column;
    const changed = this.#cells.at(-1);
    if (changed?.[0] !== column) {
      this.#output.push(startTag(raw, { ...attributes, r: `${columnName(column)}${this.#row}` }));
      return;
    }
    this.#cells.pop();
    this.#push(changed, attributes["s"]);
    this.#skipping = 1;
  }

  #push([column, value]: [number, CellValue], style?: string): void {
    this.#output.push(cellElement(this.#prefix, `${columnName(column)}${this.#row}`, value, style));
  }

  /** Changed cells left of `column`. */
  #addCells(column: number): void {
    for (let next = this.#cells.at(-1); next !== undefined && next[0] < column; next = this.#cells.at(-1)) {
      this.#cells.pop();
      this.#push(next);
    }
  }

  /** Changed rows above `number`. */
  #addRows(number: number): void {
    for (let next = this.#rows.at(-1); next !== undefined && next < number; next = this.#rows.at(-1)) {
      this.#rows.pop();
      this.#row = next;
      this.#output.push(`<${this.#prefix}row r="${next}">`);
      for (const cell of this.#changes.cellsOf(next)) this.#push(cell);
      this.#output.push(`</${this.#prefix}row>`);
    }
  }

  text(text: string): void {
    if (this.#skipping === 0) this.#output.push(escapeXml(text));
  }

  close(name: string, raw: string): void {
    if (this.#skipping > 0) {
      this.#skipping--;
      return;
    }
    if (name === "row") this.#addCells(Infinity);
    else if (name === "sheetData") this.#addRows(Infinity);
    this.#output.push(`</${raw}>`);
  }
}

/** The sheet with its changes, piece by piece. */
export async function rewriteSheet(pull: Pull, changes: SheetChanges): Promise<Pull> {
  const rewriter = new SheetRewriter(changes);
  const reader = new XmlReader(await import("htmlparser2"), pull, {
    open: (name, attributes, raw) => rewriter.open(name, attributes, raw),
    close: (name, raw) => rewriter.close(name, raw),
    text: (text) => rewriter.text(text),
  });
  const encoder = new TextEncoder();
  let isMore = true;
  return async () => {
    for (;;) {
      const text = rewriter.take();
      if (text !== "") return encoder.encode(text);
      if (!isMore) return null;
      isMore = await reader.step();
    }
  };
}
