/** What a member of the consensus core is made of. */
import type { Value } from "../../core/mod.ts";
import type { Clock, Random } from "../../ports/mod.ts";
import type { RaftStorage } from "./log.ts";
import type { RaftMessage } from "./messages.ts";

/** Settings of the core, in milliseconds and entries. */
export interface RaftSettings {
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly commitMs: number;
  readonly snapshotEntries: number;
  readonly snapshotMs: number;
  readonly trailingEntries: number;
  readonly appendEntriesMax: number;
}

/** What is replicated. */
export interface ReplicatedMachine {
  /** Applies a command; the same at every member. */
  apply(index: number, command: Uint8Array): Value;
  snapshot(): Uint8Array;
  restore(data: Uint8Array, index: number): void;
}

/** What a member is made of. */
export interface RaftOptions {
  readonly id: string;
  readonly clock: Pick<Clock, "timer" | "soon" | "monotonicMs">;
  readonly random: Random;
  readonly storage: RaftStorage;
  readonly settings: RaftSettings;
  readonly machine: ReplicatedMachine;
  /** Sends, or loses. */
  readonly send: (to: string, message: RaftMessage) => void;
  /** The leader, the term or the configuration may be another one. */
  readonly changed: () => void;
  readonly snapshotPartBytes?: number;
}
