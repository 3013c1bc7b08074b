/** Cells: their references, and their values as text. */
import { Failure } from "../../src/core/mod.ts";

/** Last row and column of a sheet. */
export const ROW_MAX = 1_048_576;
/** See `ROW_MAX`. */
export const COLUMN_MAX = 16_384;

/** What a script puts into a cell; null empties it. */
export type CellValue = string | number | boolean | null;

/** How a number is shown. */
export type NumberStyle = "plain" | "date" | "time" | "datetime";

const DAY_SECONDS = 86_400;
/** Day 0 of the two calendars of workbooks, in days since the Unix epoch. */
const EPOCH_1900 = -25_569;
const EPOCH_1904 = -24_107;
/** The 1900 calendar counts a day that never was; before it days are one later. */
const PHANTOM_DAY = 60;

/** A failure of this module: nearly all of them are Internal, by the specification. */
export function internal(message: string, cause?: unknown): Failure {
  return new Failure("Internal", message, { retryable: false, cause });
}

/** Row and column of a reference, both from 1; undefined for what is none. */
export function parseReference(reference: string): { row: number; column: number } | undefined {
  const match = /^\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})$/.exec(reference);
  if (match === null) return undefined;
  let column = 0;
  for (const letter of match[1]!.toUpperCase()) column = column * 26 + letter.charCodeAt(0) - 64;
  const row = Number(match[2]);
  return row <= ROW_MAX && column <= COLUMN_MAX ? { row, column } : undefined;
}

/** Letters of a column. */
export function columnName(column: number): string {
  let name = "";
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    name = String.fromCharCode(65 + (rest - 1) % 26) + name;
  }
  return name;
}

/** A number as it is shown without any format: fifteen digits count. */
function plainNumber(text: string): string {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) return text;
  return Number.isInteger(number) ? String(number) : String(Number(number.toPrecision(15)));
}

/** A number of a workbook as text; dates and times as ISO writes them. */
export function numberText(text: string, style: NumberStyle, is1904: boolean): string {
  const serial = Number(text);
  if (style === "plain" || !Number.isFinite(serial) || serial < 0 || serial > 2_958_466) {
    return plainNumber(text);
  }
  const shifted = !is1904 && serial < PHANTOM_DAY ? serial + 1 : serial;
  const seconds = Math.round((shifted + (is1904 ? EPOCH_1904 : EPOCH_1900)) * DAY_SECONDS);
  const [date, time] = new Date(seconds * 1000).toISOString().slice(0, 19).split("T") as [string, string];
  if (style === "date") return date;
  return style === "time" ? time : `${date} ${time}`;
}

/** What a format of numbers shows: dates and times are told by their letters. */
export function styleOfFormat(code: string): NumberStyle {
  const bare = code.split(";")[0]!.replaceAll(/"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]/gi, "")
    .toLowerCase();
  if (/general/.test(bare)) return "plain";
  const hasTime = /[hs]|am\/pm/.test(bare);
  const hasDate = /[yd]/.test(bare) || (/m/.test(bare) && !hasTime);
  return hasDate ? (hasTime ? "datetime" : "date") : hasTime ? "time" : "plain";
}

/** What the formats without a code of their own show. */
export function styleOfBuiltin(id: number): NumberStyle {
  if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id === 36 || (id >= 50 && id <= 58)) return "date";
  if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47)) return "time";
  return id === 22 ? "datetime" : "plain";
}
