/**
 * A workbook in the hands of a script: the parts it was opened with, and what was changed since.
 *
 * W1. Sheets are read from their parts each time, as streams; only strings and formats are held.
 * W2. Writing copies what was not changed as it is: styles, charts, formulas, other sheets.
 */
import { EXCEL_CELLS_MAX, EXCEL_ROWS_CHARACTERS_MAX } from "../../src/core/mod.ts";
import type { Pull } from "../archive/source.ts";
import type { Sink } from "../archive/sink.ts";
import type { Meter } from "../archive/options.ts";
import { ZipWriter } from "../archive/zip_write.ts";
import { type CellValue, internal, parseReference } from "./cell.ts";
import { type Facts, readFacts, readStrings, readStyles, relationsPart } from "./facts.ts";
import type { Parts, ZipTools } from "./parts.ts";
import { SheetChanges } from "./sheet_changes.ts";
import { type SheetContext, SheetReader } from "./sheet_reader.ts";
import { rewriteSheet } from "./sheet_writer.ts";
import { contentTypeOf, EMPTY_SHEET, relationOf, sheetElement } from "./template.ts";

const NAME_MAX = 31;
const CELL_TEXT_MAX = 32_767;
const CONTENT_TYPES = "[Content_Types].xml";
const FORMULA_ORDER = "calcChain";

/** A sheet. */
interface Sheet {
  readonly name: string;
  readonly part: string;
  readonly isNew: boolean;
  readonly changes: SheetChanges;
}

/** A workbook. */
export class Workbook {
  readonly #parts: Parts;
  readonly #facts: Facts;
  readonly #sheets: Sheet[];
  #context: Promise<SheetContext> | undefined;
  #cells = 0;
  isClosed = false;

  private constructor(parts: Parts, facts: Facts) {
    this.#parts = parts;
    this.#facts = facts;
    this.#sheets = facts.sheets.map((place) => ({ ...place, isNew: false, changes: new SheetChanges() }));
  }

  /** Reads what a workbook needs to know of itself. */
  static async open(parts: Parts): Promise<Workbook> {
    return new Workbook(parts, await readFacts(parts));
  }

  demandOpen(): void {
    if (this.isClosed) throw internal("workbook is closed");
  }

  get sheetNames(): string[] {
    this.demandOpen();
    return this.#sheets.map((sheet) => sheet.name);
  }

  /** Adds a sheet; the place of the one that has the name by then, from 0. */
  addSheet(name: string): number {
    this.demandOpen();
    const known = this.#sheets.findIndex((sheet) => sheet.name.toLowerCase() === name.toLowerCase());
    if (known >= 0) return known;
    const isFitting = name !== "" && name.length <= NAME_MAX && !/[:\\/?*[\]]/.test(name) &&
      !/^'|'$/.test(name);
    if (!isFitting) {
      throw internal(
        `invalid sheet name: ${name} (1 to ${NAME_MAX} characters, none of : \\ / ? * [ ], no ' at its ends)`,
      );
    }
    let number = this.#sheets.length + 1;
    const isTaken = (part: string): boolean =>
      this.#parts.has(part) || this.#sheets.some((sheet) => sheet.part === part);
    while (isTaken(`xl/worksheets/sheet${number}.xml`)) number++;
    const part = `xl/worksheets/sheet${number}.xml`;
    return this.#sheets.push({ name, part, isNew: true, changes: new SheetChanges() }) - 1;
  }

  setCell(name: string, reference: string, value: CellValue): void {
    const sheet = this.#sheet(name);
    const place = parseReference(reference);
    if (place === undefined) throw internal(`invalid cell reference: ${reference}`);
    if (typeof value === "string" && value.length > CELL_TEXT_MAX) {
      throw internal(`text of cell ${reference} has ${value.length} characters, at most ${CELL_TEXT_MAX}`);
    }
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw internal(`cell ${reference}: ${value} is no number for a cell`);
    }
    if (this.#cells >= EXCEL_CELLS_MAX) {
      throw internal(`workbook has ${EXCEL_CELLS_MAX} changed cells: write it first`);
    }
    if (sheet.changes.set(place.row, place.column, value)) this.#cells++;
  }

  /** A reader of a sheet's rows. */
  async rows(name: string): Promise<SheetReader> {
    const sheet = this.#sheet(name);
    const context = await (this.#context ??= this.#readContext());
    return new SheetReader(await import("htmlparser2"), await this.#openSheet(sheet), context, sheet.changes);
  }

  /** All rows of a sheet, without the empty ones at its end. */
  async allRows(name: string, rest: () => Promise<void>): Promise<string[][]> {
    const reader = await this.rows(name);
    const rows: string[][] = [];
    let characters = 0;
    for (let row = await reader.next(); row !== undefined; row = await reader.next()) {
      characters += row.reduce((sum, cell) => sum + cell.length + 16, 16);
      if (characters > EXCEL_ROWS_CHARACTERS_MAX) {
        throw internal(`sheet ${name} is too large to be read as a whole: use rows`);
      }
      rows.push(row);
      await rest();
    }
    while (rows.at(-1)?.length === 0) rows.pop();
    return rows;
  }

  async #readContext(): Promise<SheetContext> {
    const { is1904, stringsPart, stylesPart } = this.#facts;
    const [strings, styles] = await Promise.all([
      readStrings(this.#parts, stringsPart),
      readStyles(this.#parts, stylesPart),
    ]);
    return { strings, styles, is1904 };
  }

  #sheet(name: string): Sheet {
    this.demandOpen();
    const sheet = this.#sheets.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (sheet === undefined) throw internal(`sheet not found: ${name}`);
    return sheet;
  }

  async #openSheet(sheet: Sheet): Promise<Pull> {
    return sheet.isNew ? once(EMPTY_SHEET) : await this.#parts.open(sheet.part);
  }

  /** Writes an Excel file. */
  async write(
    sink: Sink,
    tools: ZipTools & { meter: Meter; seconds: number; rest: () => Promise<void> },
  ): Promise<void> {
    this.demandOpen();
    const zip = new ZipWriter(sink, tools);
    const add = async (name: string, pull: Pull): Promise<void> => {
      const entry = {
        name,
        isDirectory: false,
        method: "deflate",
        mode: 0o644,
        modified: tools.seconds,
      } as const;
      const next = async (): Promise<Uint8Array | null> => {
        await tools.rest();
        return await pull(64 * 1024);
      };
      await zip.add(entry, { size: -1, next });
    };
    const isChanged = this.#sheets.some((sheet) => sheet.isNew || !sheet.changes.isEmpty);
    for (const name of this.#parts.names) {
      // It tells in which order formulas are computed, and may name cells that have none now.
      if (isChanged && name.includes(FORMULA_ORDER)) continue;
      await add(name, await this.#rewritten(name, isChanged));
    }
    for (const sheet of this.#sheets.filter((one) => one.isNew)) {
      await add(sheet.part, await rewriteSheet(once(EMPTY_SHEET), sheet.changes));
    }
    await zip.finish();
    await sink.close(true);
  }

  async #rewritten(name: string, isChanged: boolean): Promise<Pull> {
    const pull = await this.#parts.open(name);
    if (!isChanged) return pull;
    const sheet = this.#sheets.find((one) => one.part === name);
    if (sheet !== undefined) return sheet.changes.isEmpty ? pull : await rewriteSheet(pull, sheet.changes);
    const { workbookPart } = this.#facts;
    if (name === workbookPart) return once(this.#withSheets(await wholeText(pull)));
    if (name === relationsPart(workbookPart)) {
      const added = this.#added().map(({ id, part }) => relationOf(id, part));
      return once(inserted(withoutFormulaOrder(await wholeText(pull)), "Relationships", added.join("")));
    }
    if (name === CONTENT_TYPES) {
      const added = this.#added().map(({ part }) => contentTypeOf(part));
      return once(inserted(withoutFormulaOrder(await wholeText(pull)), "Types", added.join("")));
    }
    return pull;
  }

  /** New sheets with ids that no relation has. */
  #added(): { name: string; part: string; id: string }[] {
    return this.#sheets.filter((sheet) => sheet.isNew).map(({ name, part }, i) => ({
      name,
      part,
      id: `rIdAdded${i + 1}`,
    }));
  }

  #withSheets(text: string): string {
    const prefix = /<\/([\w.-]+:)?sheets>/.exec(text)?.[1] ?? "";
    const numbers = Array.from(text.matchAll(/\bsheetId="(\d+)"/g), (match) => Number(match[1]));
    const first = Math.max(0, ...numbers) + 1;
    const added = this.#added().map(({ id, name }, i) =>
      sheetElement(prefix, { name, id, number: first + i })
    );
    return inserted(text, "sheets", added.join(""));
  }
}

/** A text as bytes that are read once. */
function once(text: string): Pull {
  let bytes: Uint8Array | null = new TextEncoder().encode(text);
  return () => {
    const whole = bytes;
    bytes = null;
    return whole;
  };
}

/** Longest part that is changed as a text: lists of sheets and parts. */
const TEXT_PART_MAX = 16 * 1024 * 1024;

async function wholeText(pull: Pull): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for (let piece = await pull(64 * 1024); piece !== null; piece = await pull(64 * 1024)) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > TEXT_PART_MAX) throw internal("invalid Excel file: a list in it is too long");
  }
  return text + decoder.decode();
}

/** Puts `added` before the end of an element. */
function inserted(text: string, element: string, added: string): string {
  if (added === "") return text;
  const end = new RegExp(`</(?:[\\w.-]+:)?${element}\\s*>`).exec(text);
  if (end === null) throw internal(`invalid Excel file: no end of ${element}`);
  return text.slice(0, end.index) + added + text.slice(end.index);
}

function withoutFormulaOrder(text: string): string {
  return text.replaceAll(
    /<(?:[\w.-]+:)?(?:Override|Relationship)\b[^>]{0,1000}calcChain[^>]{0,1000}\/>/g,
    "",
  );
}
