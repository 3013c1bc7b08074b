/**
 * Calendar arithmetic on the proleptic Gregorian calendar, without time zones.
 *
 * Days and seconds count from 1970-01-01; years may be negative. All numbers are whole.
 */

/** A date and time of day. `month` 1..12, `day` 1..31. */
export interface CivilTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** Names of months, January first. */
export const MONTH_NAMES = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

/** Names of weekdays, Sunday first. */
export const WEEKDAY_NAMES = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
] as const;

const DAY_SECONDS = 86_400;
/** Days of 400 years. */
const ERA_DAYS = 146_097;
/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH_DAYS = 719_468;

/** Days from 1970-01-01 to a date; `month` and `day` may be out of range and carry over. */
export function daysOfDate(year: number, month: number, day: number): number {
  const months = year * 12 + month - 1;
  const y = Math.floor(months / 12) - (mod(months, 12) < 2 ? 1 : 0);
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const monthFromMarch = mod(months - 2, 12);
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5);
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * ERA_DAYS + dayOfEra - EPOCH_DAYS + day - 1;
}

/** The date of a day number. */
export function dateOfDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + EPOCH_DAYS;
  const era = Math.floor(shifted / ERA_DAYS);
  const dayOfEra = shifted - era * ERA_DAYS;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** Date and time of day of a number of seconds. */
export function civilOfSeconds(seconds: number): CivilTime {
  const days = Math.floor(seconds / DAY_SECONDS);
  const rest = seconds - days * DAY_SECONDS;
  return {
    ...dateOfDays(days),
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
  };
}

/** Seconds of a date and time of day; every part may be out of range and carries over. */
export function secondsOfCivil(civil: CivilTime): number {
  const days = daysOfDate(civil.year, civil.month, civil.day);
  return days * DAY_SECONDS + civil.hour * 3600 + civil.minute * 60 + civil.second;
}

/** Weekday of a day number, 0 Sunday. */
export function weekdayOfDays(days: number): number {
  return mod(days + 4, 7);
}

/** Day of the year, 1..366, of a day number. */
export function yearDayOfDays(days: number): number {
  return days - daysOfDate(dateOfDays(days).year, 1, 1) + 1;
}

/** ISO 8601 week, 1..53, of a day number. */
export function isoWeekOfDays(days: number): number {
  const thursday = days - mod(weekdayOfDays(days) + 6, 7) + 3;
  return Math.floor((yearDayOfDays(thursday) - 1) / 7) + 1;
}

/** Days of a month. */
export function daysInMonth(year: number, month: number): number {
  return daysOfDate(year, month + 1, 1) - daysOfDate(year, month, 1);
}

/**
 * UTC seconds of local seconds, given the offset in seconds that applies at a UTC time. A local time that occurs twice or
 * never gets one of the two offsets around the change.
 */
export function utcOfLocalSeconds(local: number, offsetAt: (utc: number) => number): number {
  const utc = local - offsetAt(local);
  return local - offsetAt(utc);
}

function mod(value: number, divisor: number): number {
  return value - Math.floor(value / divisor) * divisor;
}
