/** Who takes part in the consensus core. */
import { Failure, type Value, type ValueMap } from "../../core/mod.ts";
import { packMessage, unpackMessage } from "../wire.ts";

/** Voters make majorities; standbys only keep a copy. Both sorted. */
export interface RaftConfig {
  readonly voters: readonly string[];
  readonly standbys: readonly string[];
}

/** Nobody. */
export const NO_CONFIG: RaftConfig = { voters: [], standbys: [] };

/** The bytes of a configuration; equal ones have equal bytes. */
export function packConfig({ voters, standbys }: RaftConfig): Uint8Array {
  return packMessage({ voters: [...voters].sort(), standbys: [...standbys].sort() });
}

/** The configuration in `bytes`; fails with Invalid. */
export function unpackConfig(bytes: Uint8Array): RaftConfig {
  const message: ValueMap = unpackMessage(bytes);
  return { voters: namesOf(message["voters"]), standbys: namesOf(message["standbys"]) };
}

function namesOf(value: Value): string[] {
  if (!Array.isArray(value) || value.some((name) => typeof name !== "string")) {
    throw new Failure("Invalid", "malformed configuration of the consensus core");
  }
  return value as string[];
}

/** Voters that make a majority. */
export function majorityOf({ voters }: RaftConfig): number {
  return Math.floor(voters.length / 2) + 1;
}

/** Everybody but `except`. */
export function othersOf({ voters, standbys }: RaftConfig, except: string): string[] {
  return [...voters, ...standbys].filter((id) => id !== except);
}

/** Why one configuration may not follow another now; undefined when it may. */
export function refusalOf(
  from: RaftConfig,
  to: RaftConfig,
  state: { isBusy: boolean; isCurrent: (id: string) => boolean },
): Failure | undefined {
  if (state.isBusy) return new Failure("Conflict", "another change is under way", { retryable: true });
  const come = to.voters.filter((id) => !from.voters.includes(id));
  const gone = from.voters.filter((id) => !to.voters.includes(id));
  // Majorities of both must overlap.
  if (come.length + gone.length > 1 || to.voters.length === 0) {
    return new Failure("Invalid", "at most one voter may come or go at a time");
  }
  // One without a log may not vote yet: with it the core could lose its majority.
  const late = come.find((id) => !state.isCurrent(id));
  return late === undefined
    ? undefined
    : new Failure("Conflict", `${late} is not up to date yet`, { retryable: true });
}
