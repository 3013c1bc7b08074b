/**
 * Times read from text by a layout.
 *
 * P1. What the layout leaves out is the smallest: year 0, 1 January, midnight, no fraction.
 * P2. Seconds may have a fraction that the layout does not show.
 */
import { daysInMonth, Failure, MONTH_NAMES, WEEKDAY_NAMES } from "../core/mod.ts";
import { SECOND_NS } from "./duration.ts";
import { type Instant, instantOfCivil, instantOfNs, nsOf } from "./instant.ts";
import { isDigit, type LayoutPart, parseLayout } from "./layout.ts";
import { fixedZone, type Location, UTC } from "./location.ts";

/** What has been read so far. `-1` is "not given". */
interface Fields {
  year: number;
  month: number;
  day: number;
  yearDay: number;
  hour: number;
  minute: number;
  second: number;
  nanoseconds: number;
  half: "" | "am" | "pm";
  /** Seconds east; undefined when no offset was given. */
  offset: number | undefined;
  isUtc: boolean;
  abbreviation: string;
}

/** Where the text is meant: `zone` when it names no zone itself, `known` to look up abbreviations and offsets. */
export interface ParsePlace {
  readonly zone: Location;
  readonly known: Location;
}

/** Signals that a part does not fit; turned into one message at the edge. */
class Mismatch extends Error {}

/** The time that `text` stands for. Fails with Invalid. */
export function parseInstant(layout: string, text: string, place: ParsePlace): Instant {
  const fields: Fields = {
    year: 0,
    month: -1,
    day: -1,
    yearDay: -1,
    hour: 0,
    minute: 0,
    second: 0,
    nanoseconds: 0,
    half: "",
    offset: undefined,
    isUtc: false,
    abbreviation: "",
  };
  const fail = (detail: string): Failure =>
    new Failure("Invalid", `parsing time "${text}" as "${layout}": ${detail}`, { retryable: false });
  const parts = parseLayout(layout);
  let rest = text;
  for (const [i, part] of parts.entries()) {
    try {
      rest = readPart(part, rest, fields, parts[i + 1]);
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      throw fail(error.message === "" ? `cannot parse "${rest}" as "${part.text}"` : error.message);
    }
  }
  if (rest !== "") throw fail(`extra text: "${rest}"`);
  const problem = resolveDate(fields);
  if (problem !== "") throw fail(problem);
  return instantOf(fields, place);
}

function instantOf(fields: Fields, place: ParsePlace): Instant {
  const hour = fields.half === "pm" && fields.hour < 12
    ? fields.hour + 12
    : fields.half === "am" && fields.hour === 12
    ? 0
    : fields.hour;
  const civil = { ...fields, hour };
  const nanoseconds = BigInt(fields.nanoseconds);
  if (fields.isUtc) return instantOfCivil(civil, nanoseconds, UTC);
  if (fields.offset === undefined && fields.abbreviation === "") {
    return instantOfCivil(civil, nanoseconds, place.zone);
  }
  const unshifted = instantOfCivil(civil, nanoseconds, UTC);
  const { offset, abbreviation } = fields;
  if (offset !== undefined) {
    const instant = shifted(unshifted, offset, UTC);
    const { seconds } = instant;
    const isKnown = place.known.offsetAt(seconds) === offset &&
      (abbreviation === "" || place.known.abbreviationAt(seconds) === abbreviation);
    return { ...instant, location: isKnown ? place.known : fixedZone(abbreviation, offset) };
  }
  const known = place.known.offsetOf(abbreviation);
  if (known !== undefined) return shifted(unshifted, known, place.known);
  const written = /^(?:GMT)?([+-]\d+)$/.exec(abbreviation);
  const hours = written === null ? 0 : Number(written[1]);
  return shifted(unshifted, hours * 3600, fixedZone(abbreviation, hours * 3600));
}

function shifted(instant: Instant, offset: number, location: Location): Instant {
  return instantOfNs(nsOf(instant) - BigInt(offset) * SECOND_NS, location);
}

/** Fills in month and day; the problem's text, or `""`. */
function resolveDate(fields: Fields): string {
  const { year, yearDay } = fields;
  if (yearDay >= 0) {
    const isLeap = daysInMonth(year, 2) === 29;
    if (yearDay < 1 || yearDay > (isLeap ? 366 : 365)) return "day-of-year out of range";
    let month = 1;
    let day = yearDay;
    while (day > daysInMonth(year, month)) day -= daysInMonth(year, month++);
    if (fields.month >= 0 && fields.month !== month) return "day-of-year does not match month";
    if (fields.day >= 0 && fields.day !== day) return "day-of-year does not match day";
    fields.month = month;
    fields.day = day;
    return "";
  }
  if (fields.month < 0) fields.month = 1;
  if (fields.day < 0) fields.day = 1;
  return fields.day < 1 || fields.day > daysInMonth(year, fields.month) ? "day out of range" : "";
}

/** Reads one part off `text`; the rest. */
function readPart(part: LayoutPart, text: string, fields: Fields, next: LayoutPart | undefined): string {
  switch (part.element) {
    case "":
      return readLiteral(part.text, text);
    case "2006":
      return readFixed(text, 4, (value) => fields.year = value);
    case "06":
      return readFixed(text, 2, (value) => fields.year = value >= 69 ? 1900 + value : 2000 + value);
    case "January":
      return readName(text, MONTH_NAMES, (index) => fields.month = index + 1);
    case "Jan":
      return readName(text, MONTH_NAMES.map((name) => name.slice(0, 3)), (index) => fields.month = index + 1);
    case "1":
    case "01":
      return readNumber(
        text,
        part.element === "01",
        { min: 1, max: 12, name: "month" },
        (value) => fields.month = value,
      );
    case "Monday":
      return readName(text, WEEKDAY_NAMES, () => undefined);
    case "Mon":
      return readName(text, WEEKDAY_NAMES.map((name) => name.slice(0, 3)), () => undefined);
    case "2":
    case "_2":
    case "02": {
      const from = part.element === "_2" && text.startsWith(" ") ? text.slice(1) : text;
      return readNumber(
        from,
        part.element === "02",
        { min: 0, max: 99, name: "day" },
        (value) => fields.day = value,
      );
    }
    case "__2":
    case "002":
      return readYearDay(text, part.element, fields);
    case "15":
      return readNumber(text, false, { min: 0, max: 23, name: "hour" }, (value) => fields.hour = value);
    case "3":
    case "03":
      return readNumber(
        text,
        part.element === "03",
        { min: 0, max: 12, name: "hour" },
        (value) => fields.hour = value,
      );
    case "4":
    case "04":
      return readNumber(
        text,
        part.element === "04",
        { min: 0, max: 59, name: "minute" },
        (value) => fields.minute = value,
      );
    case "5":
    case "05":
      return readSecond(text, part.element === "05", fields, next);
    case "PM":
    case "pm":
      return readHalf(text, part.element, fields);
    case "MST":
      return readAbbreviation(text, fields);
    case ".000":
      return readFraction(text, part.text.length, fields);
    case ".999":
      return /^[.,]\d/.test(text) ? readFraction(text, 0, fields) : text;
    default:
      return readOffset(part.element, text, fields);
  }
}

/** Spaces in a layout stand for any number of spaces, everything else for itself. */
function readLiteral(literal: string, text: string): string {
  let at = 0;
  let i = 0;
  while (i < literal.length) {
    if (literal[i] === " ") {
      if (at < text.length && text[at] !== " ") throw new Mismatch();
      while (literal[i] === " ") i++;
      while (text[at] === " ") at++;
      continue;
    }
    if (text[at] !== literal[i]) throw new Mismatch();
    at++;
    i++;
  }
  return text.slice(at);
}

function readFixed(text: string, width: number, take: (value: number) => void): string {
  const digits = text.slice(0, width);
  if (digits.length < width || !/^\d+$/.test(digits)) throw new Mismatch();
  take(Number(digits));
  return text.slice(width);
}

function readNumber(
  text: string,
  isFixed: boolean,
  range: { min: number; max: number; name: string },
  take: (value: number) => void,
): string {
  if (!isDigit(text[0]) || (isFixed && !isDigit(text[1]))) throw new Mismatch();
  const width = isDigit(text[1]) ? 2 : 1;
  const value = Number(text.slice(0, width));
  if (value < range.min || value > range.max) throw new Mismatch(`${range.name} out of range`);
  take(value);
  return text.slice(width);
}

function readName(text: string, names: readonly string[], take: (index: number) => void): string {
  const lower = text.toLowerCase();
  const index = names.findIndex((name) => lower.startsWith(name.toLowerCase()));
  if (index < 0) throw new Mismatch();
  take(index);
  return text.slice(names[index]!.length);
}

function readYearDay(text: string, element: "__2" | "002", fields: Fields): string {
  const from = element === "__2" ? text.replace(/^ {0,2}/, "") : text;
  const width = 3 - (text.length - from.length);
  return readFixed(from, width, (value) => fields.yearDay = value);
}

function readSecond(text: string, isFixed: boolean, fields: Fields, next: LayoutPart | undefined): string {
  const rest = readNumber(
    text,
    isFixed,
    { min: 0, max: 59, name: "second" },
    (value) => fields.second = value,
  );
  const isShown = next !== undefined && (next.element === ".000" || next.element === ".999");
  return !isShown && /^[.,]\d/.test(rest) ? readFraction(rest, 0, fields) : rest;
}

/** A fraction with its point: `width` characters, or with 0 all digits there are. */
function readFraction(text: string, width: number, fields: Fields): string {
  const digits = /^[.,](\d+)/.exec(text)?.[1];
  if (digits === undefined || digits.length < width - 1) throw new Mismatch();
  const taken = width === 0 ? digits : digits.slice(0, width - 1);
  fields.nanoseconds = Number(taken.slice(0, 9).padEnd(9, "0"));
  return text.slice(1 + taken.length);
}

function readHalf(text: string, element: "PM" | "pm", fields: Fields): string {
  const half = text.slice(0, 2);
  const [am, pm] = element === "PM" ? ["AM", "PM"] : ["am", "pm"];
  if (half !== am && half !== pm) throw new Mismatch();
  fields.half = half === pm ? "pm" : "am";
  return text.slice(2);
}

function readOffset(element: string, text: string, fields: Fields): string {
  if (element[0] === "Z" && text.startsWith("Z")) {
    fields.isUtc = true;
    return text.slice(1);
  }
  const colon = element.includes(":") ? ":" : "";
  const digits = element.replaceAll(/\D/g, "").length;
  let pattern = "^([+-])(\\d\\d)";
  if (digits >= 4) pattern += `${colon}(\\d\\d)`;
  if (digits >= 6) pattern += `${colon}(\\d\\d)`;
  const match = new RegExp(pattern).exec(text);
  if (match === null) throw new Mismatch();
  const [hours, minutes, seconds] = [match[2], match[3], match[4]].map((value) => Number(value ?? 0));
  if (hours! > 24) throw new Mismatch("time zone offset hour out of range");
  if (minutes! > 60) throw new Mismatch("time zone offset minute out of range");
  if (seconds! > 60) throw new Mismatch("time zone offset second out of range");
  const size = hours! * 3600 + minutes! * 60 + seconds!;
  fields.offset = match[1] === "-" ? -size : size;
  return text.slice(match[0].length);
}

/** An abbreviation: three capitals, four or five ending in T, and a few that are written otherwise. */
function readAbbreviation(text: string, fields: Fields): string {
  if (text.startsWith("UTC")) {
    fields.isUtc = true;
    return text.slice(3);
  }
  const special = /^(?:ChST|MeST|GMT[+-]\d{1,2}|[+-]\d{1,2})/.exec(text)?.[0];
  const capitals = /^[A-Z]*/.exec(text)![0];
  const fits = capitals.length === 3 || capitals === "WITA" ||
    ((capitals.length === 4 || capitals.length === 5) && capitals.endsWith("T"));
  if (special === undefined && !fits) throw new Mismatch();
  fields.abbreviation = special ?? capitals;
  return text.slice(fields.abbreviation.length);
}
