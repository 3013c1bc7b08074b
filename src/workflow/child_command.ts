/** The command by which a workflow starts another. */
import { Failure } from "../core/mod.ts";
import type { ProvidedStart } from "../lua/mod.ts";
import { type Effect, NOTHING } from "./effects.ts";
import type { ChildCommand } from "./history.ts";
import { storedFailure } from "./stored_failure.ts";
import type { WorldOptions } from "./world_options.ts";

/** What is recorded of a start, and what it does. */
export function childCommand(
  type: ChildCommand["type"],
  start: ProvidedStart,
  hostId: string,
  { pidOf, place }: Pick<WorldOptions, "pidOf" | "place">,
): { command: ChildCommand; effect: Effect } {
  const key = start.entryId;
  try {
    const placement = place(hostId, start);
    const isJoined = placement.kind === "existing";
    const { serial } = isJoined ? placement.workflow : placement.row;
    const command = { type, key, serial, pid: pidOf(placement), ...(isJoined ? { isJoined } : {}) };
    return { command, effect: { type: "spawn", placement } };
  } catch (error) {
    // What depends on others must be refused again when it is replayed.
    if (!(error instanceof Failure)) throw error;
    return { command: { type, key, serial: 0, failure: storedFailure(error) }, effect: NOTHING };
  }
}
