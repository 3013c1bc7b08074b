/** `os.date` formats. */
import {
  civilOfSeconds,
  type CivilTime,
  isoWeekOfDays,
  MONTH_NAMES,
  WEEKDAY_NAMES,
  weekdayOfDays,
  yearDayOfDays,
} from "../../src/core/mod.ts";

/** A moment as a calendar shows it. `offsetMinutes` and `zone` say where. */
export interface ShownTime {
  readonly civil: CivilTime;
  readonly days: number;
  readonly offsetMinutes: number;
  readonly zone: string;
}

/** What a calendar shows `offsetMinutes` east of UTC. */
export function showTime(seconds: number, offsetMinutes: number, zone: string): ShownTime {
  const local = seconds + offsetMinutes * 60;
  return { civil: civilOfSeconds(local), days: Math.floor(local / 86_400), offsetMinutes, zone };
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** Writes a time by a format; an unknown specifier stays as it is. */
export function formatDate(format: string, time: ShownTime): string {
  return format.replaceAll(/%(.)/gs, (whole, specifier: string) => expand(specifier, time) ?? whole);
}

function expand(specifier: string, time: ShownTime): string | undefined {
  const { civil, days, offsetMinutes } = time;
  const month = MONTH_NAMES[civil.month - 1]!;
  const weekday = WEEKDAY_NAMES[weekdayOfDays(days)]!;
  switch (specifier) {
    case "Y":
      return String(civil.year).padStart(4, "0");
    case "y":
      return two(civil.year % 100);
    case "m":
      return two(civil.month);
    case "d":
      return two(civil.day);
    case "H":
      return two(civil.hour);
    case "I":
      return two(civil.hour % 12 === 0 ? 12 : civil.hour % 12);
    case "M":
      return two(civil.minute);
    case "S":
      return two(civil.second);
    case "p":
      return civil.hour < 12 ? "AM" : "PM";
    case "A":
      return weekday;
    case "a":
      return weekday.slice(0, 3);
    case "B":
      return month;
    case "b":
      return month.slice(0, 3);
    case "w":
      return String(weekdayOfDays(days));
    case "j":
      return String(yearDayOfDays(days)).padStart(3, "0");
    case "U":
      return two(isoWeekOfDays(days));
    case "z": {
      const size = Math.abs(offsetMinutes);
      return `${offsetMinutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${two(size % 60)}`;
    }
    case "Z":
      return time.zone;
    case "c":
      return formatDate("%a %b ", time) + String(civil.day).padStart(2) + formatDate(" %H:%M:%S %Y", time);
    case "x":
      return formatDate("%m/%d/%y", time);
    case "X":
      return formatDate("%H:%M:%S", time);
    case "%":
      return "%";
    default:
      return undefined;
  }
}
