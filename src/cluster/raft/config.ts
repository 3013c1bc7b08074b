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

/** Whether one configuration may follow another: majorities of both must overlap, so at most one voter comes or goes. */
export function isStep(from: RaftConfig, to: RaftConfig): boolean {
  const gone = from.voters.filter((id) => !to.voters.includes(id)).length;
  const come = to.voters.filter((id) => !from.voters.includes(id)).length;
  return gone + come <= 1 && to.voters.length > 0;
}
