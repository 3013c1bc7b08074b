/**
 * Durations in Go's notation: `1h30m`, `500ms`, `1.5s`, `-2m`; units ns us µs ms s m h.
 *
 * Values are numbers of nanoseconds; whole up to 2^53, which is 104 days at full precision.
 */
import { Failure } from "./failure.ts";

const UNIT_NS: Record<string, number> = {
  ns: 1,
  us: 1e3,
  "µs": 1e3,
  "μs": 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds of `text`; undefined when it is not a duration (`7d` is not). */
export function parseDurationNs(text: string): number | undefined {
  let rest = text;
  let sign = 1;
  if (rest.startsWith("-") || rest.startsWith("+")) {
    if (rest.startsWith("-")) sign = -1;
    rest = rest.slice(1);
  }
  if (rest === "0") return 0;
  if (rest === "") return undefined;
  const part = /^(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/;
  let total = 0;
  while (rest !== "") {
    const match = part.exec(rest);
    if (match === null) return undefined;
    total += Number(match[1]) * UNIT_NS[match[2]!]!;
    rest = rest.slice(match[0].length);
  }
  return sign * Math.round(total);
}

/** Text of a duration: `1h30m0s`, `1m30s`, `1.5s`, `500ms`, `0s`. */
export function printDurationNs(ns: number): string {
  if (ns === 0) return "0s";
  const sign = ns < 0 ? "-" : "";
  const value = Math.abs(ns);
  if (value < 1e3) return `${sign}${value}ns`;
  if (value < 1e6) return `${sign}${trim(value / 1e3)}µs`;
  if (value < 1e9) return `${sign}${trim(value / 1e6)}ms`;
  const hours = Math.floor(value / 3600e9);
  const minutes = Math.floor((value % 3600e9) / 60e9);
  const seconds = trim((value % 60e9) / 1e9);
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  if (minutes > 0) return `${sign}${minutes}m${seconds}s`;
  return `${sign}${seconds}s`;
}

function trim(value: number): string {
  return value.toFixed(9).replace(/\.?0+$/, "");
}

/** Milliseconds of a duration text or a number of nanoseconds; fails with Invalid naming `field`. */
export function durationMs(value: string | number, field: string): number {
  const ns = typeof value === "number" ? value : parseDurationNs(value);
  if (ns === undefined || !Number.isFinite(ns)) {
    throw new Failure("Invalid", `${field}: "${value}" is not a duration (examples: 500ms, 10s, 1h30m)`);
  }
  return ns / 1e6;
}
