/**
 * Durations: nanoseconds as 64-bit integers, and their text form.
 */

/** Nanoseconds of a second. */
export const SECOND_NS = 1_000_000_000n;
/** Longest duration. */
export const DURATION_NS_MAX = (1n << 63n) - 1n;
/** Longest negative duration. */
export const DURATION_NS_MIN = -(1n << 63n);

const UNITS_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  "µs": 1000n,
  "μs": 1000n,
  ms: 1_000_000n,
  s: SECOND_NS,
  m: 60n * SECOND_NS,
  h: 3600n * SECOND_NS,
};
const PART = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;
/** A text longer than this holds no number worth reading. */
const TEXT_LENGTH_MAX = 128;

/** `value` within the bounds of a duration. */
export function clampDuration(value: bigint): bigint {
  if (value > DURATION_NS_MAX) return DURATION_NS_MAX;
  return value < DURATION_NS_MIN ? DURATION_NS_MIN : value;
}

/** Nanoseconds of a text such as `1h30m`, `-1.5s`, `0`; undefined when it is no duration or does not fit. */
export function parseDuration(text: string): bigint | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  const negative = text.startsWith("-");
  let at = negative || text.startsWith("+") ? 1 : 0;
  if (text.slice(at) === "0") return 0n;
  if (at === text.length) return undefined;
  let total = 0n;
  while (at < text.length) {
    PART.lastIndex = at;
    const match = PART.exec(text);
    if (match === null) return undefined;
    const whole = match[1]!;
    const fraction = match[2] ?? "";
    if (whole === "" && fraction === "") return undefined;
    const unit = UNITS_NS[match[3]!]!;
    total += BigInt(whole === "" ? "0" : whole) * unit;
    if (fraction !== "") total += BigInt(fraction) * unit / 10n ** BigInt(fraction.length);
    at = PART.lastIndex;
  }
  const value = negative ? -total : total;
  return value > DURATION_NS_MAX || value < DURATION_NS_MIN ? undefined : value;
}

/** Text of a duration: `1h30m0s`, `1m30s`, `1.5s`, `500ms`, `0s`. */
export function printDuration(ns: bigint): string {
  if (ns === 0n) return "0s";
  const sign = ns < 0n ? "-" : "";
  const size = ns < 0n ? -ns : ns;
  if (size < 1000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}µs`;
  if (size < SECOND_NS) return `${sign}${decimal(size, 6)}ms`;
  const seconds = decimal(size % (60n * SECOND_NS), 9);
  const minutes = size / (60n * SECOND_NS);
  if (minutes === 0n) return `${sign}${seconds}s`;
  if (minutes < 60n) return `${sign}${minutes}m${seconds}s`;
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}s`;
}

/** `value` / 10^`digits` without trailing zeros. */
function decimal(value: bigint, digits: number): string {
  const scale = 10n ** BigInt(digits);
  const fraction = String(value % scale).padStart(digits, "0").replace(/0+$/, "");
  return fraction === "" ? String(value / scale) : `${value / scale}.${fraction}`;
}

/** Nanoseconds in another unit, as a number with fraction. */
export function durationIn(ns: bigint, unitNs: bigint): number {
  return Number(ns / unitNs) + Number(ns % unitNs) / Number(unitNs);
}
