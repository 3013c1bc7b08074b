/** Time zones: UTC, the local zone, zones of the IANA database, fixed offsets. */
import { abbreviationOffset, Failure, zoneAbbreviation } from "../core/mod.ts";
import type { Clock } from "../ports/mod.ts";

/** A time zone. Times are seconds since the Unix epoch, offsets seconds east of UTC. */
export interface Location {
  readonly name: string;
  offsetAt(seconds: number): number;
  /** Name of the zone's time then, `""` when it has none. */
  abbreviationAt(seconds: number): string;
  /** The offset that an abbreviation stands for here; undefined when it is not used. */
  offsetOf(abbreviation: string): number | undefined;
}

/** Coordinated universal time. */
export const UTC: Location = fixedZone("UTC", 0);

/** A zone that never changes. */
export function fixedZone(name: string, offsetSeconds: number): Location {
  return {
    name,
    offsetAt: () => offsetSeconds,
    abbreviationAt: () => name,
    offsetOf: (abbreviation) => abbreviation === name && name !== "" ? offsetSeconds : undefined,
  };
}

/** The local zone. What the system calls it is asked for when an abbreviation is: the answer takes longer than a short program. */
export function localZone(clock: Clock): Location {
  return clockZone(clock, "Local", "", () => clock.localZone ?? "UTC");
}

/** The zone `name`; fails with NotFound when there is none. */
export function loadLocation(clock: Clock, name: string): Location {
  if (name === "UTC") return UTC;
  if (name === "Local") return localZone(clock);
  const unknown = (cause?: unknown): Failure =>
    new Failure("NotFound", `location not found: ${name}`, { retryable: false, cause });
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name)) throw unknown();
  try {
    clock.zoneOffsetMinutes(name, 0);
  } catch (error) {
    throw unknown(error);
  }
  return clockZone(clock, name, name, () => name);
}

function clockZone(clock: Clock, name: string, zone: string, database: () => string): Location {
  const minutesAt = (seconds: number): number => clock.zoneOffsetMinutes(zone, seconds * 1000);
  return {
    name,
    offsetAt: (seconds) => minutesAt(seconds) * 60,
    abbreviationAt: (seconds) => zoneAbbreviation(database(), minutesAt(seconds)),
    offsetOf(abbreviation) {
      const minutes = abbreviationOffset(database(), abbreviation);
      return minutes === undefined ? undefined : minutes * 60;
    },
  };
}
