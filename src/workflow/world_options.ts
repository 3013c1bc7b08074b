/** What the world of a workflow is made for. */
import type { LuaRuntime, ProvidedStart, WorkflowFacts } from "../lua/mod.ts";
import type { Frame } from "../ports/mod.ts";
import type { Greeting, Placement } from "./effects.ts";
import type { Command, VersionChoice } from "./history.ts";

/** A run of a workflow, and what its world asks of the engine. */
export interface WorldOptions {
  readonly parent: LuaRuntime;
  readonly id: number;
  readonly worker: string;
  readonly entryId: string;
  readonly args: Uint8Array;
  readonly frame: Frame;
  /** What it finds in its mailbox when it begins. */
  readonly messages: Greeting;
  /** Longest that a step may take. */
  readonly taskMs: number;
  /** What its randomness is made from. */
  readonly seed: string;
  /** What does not change while it runs. */
  readonly facts: Omit<WorkflowFacts, "historyLength" | "historyBytes">;
  readonly history: readonly Command[];
  readonly versions: readonly VersionChoice[];
  /** Where a start on a host leads; throws a Failure. */
  place(hostId: string, start: ProvidedStart): Placement;
  pidOf(placement: Placement): string;
  /** The pid of a workflow of this worker. */
  ownPid(serial: number): string;
  /** Whether something lives behind a pid, or may. */
  reaches(pid: string): boolean;
}
