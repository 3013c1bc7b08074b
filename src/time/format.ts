/** Times as text. */
import { type CivilTime, MONTH_NAMES, WEEKDAY_NAMES, weekdayOfDays, yearDayOfDays } from "../core/mod.ts";
import { civilOf, dayOf, type Instant } from "./instant.ts";
import { type LayoutPart, parseLayout } from "./layout.ts";

/** The text form of a time itself. */
export const TEXT_LAYOUT = "2006-01-02 15:04:05.999999999 -0700 MST";

interface Shown {
  readonly civil: CivilTime;
  readonly days: number;
  readonly nanoseconds: number;
  readonly offset: number;
  readonly abbreviation: string;
}

/** `instant` written by `layout`. */
export function formatInstant(instant: Instant, layout: string): string {
  const { location, seconds } = instant;
  const shown: Shown = {
    civil: civilOf(instant),
    days: dayOf(instant),
    nanoseconds: instant.nanoseconds,
    offset: location.offsetAt(seconds),
    abbreviation: location.abbreviationAt(seconds),
  };
  let text = "";
  for (const part of parseLayout(layout)) text += formatPart(part, shown);
  return text;
}

function formatPart(
  { element, text }: LayoutPart,
  { civil, days, nanoseconds, offset, abbreviation }: Shown,
): string {
  const hour12 = civil.hour % 12 === 0 ? 12 : civil.hour % 12;
  switch (element) {
    case "":
      return text;
    case "2006":
      return padded(civil.year, 4);
    case "06":
      return padded(Math.max(civil.year, 0) % 100, 2);
    case "January":
      return MONTH_NAMES[civil.month - 1]!;
    case "Jan":
      return MONTH_NAMES[civil.month - 1]!.slice(0, 3);
    case "1":
      return String(civil.month);
    case "01":
      return padded(civil.month, 2);
    case "Monday":
      return WEEKDAY_NAMES[weekdayOfDays(days)]!;
    case "Mon":
      return WEEKDAY_NAMES[weekdayOfDays(days)]!.slice(0, 3);
    case "2":
      return String(civil.day);
    case "_2":
      return String(civil.day).padStart(2);
    case "02":
      return padded(civil.day, 2);
    case "__2":
      return String(yearDayOfDays(days)).padStart(3);
    case "002":
      return padded(yearDayOfDays(days), 3);
    case "15":
      return padded(civil.hour, 2);
    case "3":
      return String(hour12);
    case "03":
      return padded(hour12, 2);
    case "4":
      return String(civil.minute);
    case "04":
      return padded(civil.minute, 2);
    case "5":
      return String(civil.second);
    case "05":
      return padded(civil.second, 2);
    case "PM":
      return civil.hour >= 12 ? "PM" : "AM";
    case "pm":
      return civil.hour >= 12 ? "pm" : "am";
    case "MST":
      return abbreviation === "" ? formatOffset("-0700", offset) : abbreviation;
    case ".000":
    case ".999":
      return formatFraction(text, nanoseconds);
    default:
      return formatOffset(element, offset);
  }
}

function padded(value: number, width: number): string {
  return value < 0 ? `-${String(-value).padStart(width, "0")}` : String(value).padStart(width, "0");
}

function formatFraction(pattern: string, nanoseconds: number): string {
  const digits = String(nanoseconds).padStart(9, "0").padEnd(pattern.length - 1, "0").slice(
    0,
    pattern.length - 1,
  );
  if (pattern[1] === "0") return pattern[0] + digits;
  const trimmed = digits.replace(/0+$/, "");
  return trimmed === "" ? "" : pattern[0] + trimmed;
}

/** An offset in seconds as the elements `-07...` and `Z07...` write it. */
function formatOffset(element: string, offset: number): string {
  if (offset === 0 && element[0] === "Z") return "Z";
  const size = Math.abs(offset);
  const colon = element.includes(":") ? ":" : "";
  let text = (offset < 0 ? "-" : "+") + padded(Math.floor(size / 3600), 2);
  const digits = element.replaceAll(/\D/g, "").length;
  if (digits >= 4) text += colon + padded(Math.floor(size / 60) % 60, 2);
  if (digits >= 6) text += colon + padded(size % 60, 2);
  return text;
}
