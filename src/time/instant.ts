/**
 * Points in time with nanoseconds, shown in a time zone.
 */
import { civilOfSeconds, type CivilTime, secondsOfCivil, utcOfLocalSeconds } from "../core/mod.ts";
import { clampDuration, SECOND_NS } from "./duration.ts";
import { type Location, UTC } from "./location.ts";

/** Seconds since the Unix epoch, nanoseconds within the second (0..999999999), and where it is shown. */
export interface Instant {
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly location: Location;
}

/** Seconds of 0001-01-01, the zero time. */
export const ZERO_SECONDS = -62_135_596_800;

/** The instant `ns` nanoseconds after the Unix epoch. */
export function instantOfNs(ns: bigint, location: Location): Instant {
  const rest = ((ns % SECOND_NS) + SECOND_NS) % SECOND_NS;
  return { seconds: Number((ns - rest) / SECOND_NS), nanoseconds: Number(rest), location };
}

/** Nanoseconds since the Unix epoch. */
export function nsOf(instant: Instant): bigint {
  return BigInt(instant.seconds) * SECOND_NS + BigInt(instant.nanoseconds);
}

/** Date and time of day where it is shown. */
export function civilOf(instant: Instant): CivilTime {
  return civilOfSeconds(instant.seconds + instant.location.offsetAt(instant.seconds));
}

/** Day number where it is shown. */
export function dayOf(instant: Instant): number {
  return Math.floor((instant.seconds + instant.location.offsetAt(instant.seconds)) / 86_400);
}

/** The instant of a date and time of day in `location`; parts out of range carry over. */
export function instantOfCivil(civil: CivilTime, nanoseconds: bigint, location: Location): Instant {
  const local = secondsOfCivil(civil);
  const seconds = location === UTC ? local : utcOfLocalSeconds(local, (utc) => location.offsetAt(utc));
  return instantOfNs(BigInt(seconds) * SECOND_NS + nanoseconds, location);
}

/** `instant` later by `ns`. */
export function addNs(instant: Instant, ns: bigint): Instant {
  return instantOfNs(nsOf(instant) + ns, instant.location);
}

/** `a` - `b` as a duration. */
export function difference(a: Instant, b: Instant): bigint {
  return clampDuration(nsOf(a) - nsOf(b));
}

/** Below zero when `a` is earlier, zero when both are the same moment. */
export function compareInstants(a: Instant, b: Instant): number {
  return a.seconds === b.seconds ? a.nanoseconds - b.nanoseconds : a.seconds - b.seconds;
}

/** `instant` with years, months and days added on the calendar, then normalised (31 April is 1 May). */
export function addDate(instant: Instant, years: number, months: number, days: number): Instant {
  const civil = civilOf(instant);
  const moved = { ...civil, year: civil.year + years, month: civil.month + months, day: civil.day + days };
  return instantOfCivil(moved, BigInt(instant.nanoseconds), instant.location);
}

/** `instant` down to a multiple of `ns` since the zero time; unchanged when `ns` is not positive. */
export function truncateTo(instant: Instant, ns: bigint): Instant {
  return ns <= 0n ? instant : addNs(instant, -remainder(instant, ns));
}

/** `instant` to the nearest multiple of `ns` since the zero time, halves up; unchanged when `ns` is not positive. */
export function roundTo(instant: Instant, ns: bigint): Instant {
  if (ns <= 0n) return instant;
  const rest = remainder(instant, ns);
  return addNs(instant, rest * 2n < ns ? -rest : ns - rest);
}

function remainder(instant: Instant, ns: bigint): bigint {
  const sinceZero = nsOf(instant) - BigInt(ZERO_SECONDS) * SECOND_NS;
  return ((sinceZero % ns) + ns) % ns;
}
