/** The history of one workflow: what came to it, and what it asked for in answer. */
import type { EventRow } from "./journal.ts";

/** What a workflow asked for. `key` is what must be the same when it is replayed. */
export type Command =
  | { readonly type: "call"; readonly key: string }
  | { readonly type: "timer"; readonly key: string; readonly dueMs: number }
  | { readonly type: "send"; readonly key: string }
  | { readonly type: "spawn"; readonly key: string; readonly serial: number }
  | { readonly type: "exec"; readonly key: string; readonly serial: number }
  | { readonly type: "resolve"; readonly key: string; readonly pid: string | null }
  | { readonly type: "control"; readonly key: string };

/** A failure as it is kept. */
export interface StoredFailure {
  readonly message: string;
  readonly kind: string;
  readonly retryable: boolean | null;
  readonly details: unknown;
}

/** What came to a workflow. `command` numbers from 1 what it answers. */
export type Arrival =
  | { readonly type: "start" }
  | { readonly type: "result"; readonly command: number; readonly failure: StoredFailure | null }
  | { readonly type: "fired"; readonly command: number }
  | { readonly type: "message"; readonly topic: string; readonly from: string }
  | { readonly type: "cancel"; readonly from: string; readonly reason: string }
  | {
    readonly type: "ended";
    readonly from: string;
    readonly event: string;
    readonly failure: StoredFailure | null;
  };

/** An arrival with its bytes and its time. */
export interface Step {
  readonly atMs: number;
  readonly arrival: Arrival;
  readonly body: Uint8Array | null;
}

/** A history being read: steps, each with the commands that it led to. */
export interface History {
  readonly steps: readonly Step[];
  readonly commands: readonly Command[];
  /** Records in all. */
  readonly length: number;
}

const COMMAND = "command";

/** The row of a command. */
export function commandRow(command: Command, atMs: number): EventRow {
  return { atMs, kind: COMMAND, header: JSON.stringify(command), body: null };
}

/** The row of a step. */
export function stepRow({ arrival, atMs, body }: Step): EventRow {
  return { atMs, kind: arrival.type, header: JSON.stringify(arrival), body };
}

/** The history in these rows. */
export function readHistory(rows: readonly EventRow[]): History {
  const steps: Step[] = [];
  const commands: Command[] = [];
  for (const { atMs, body, header, kind } of rows) {
    if (kind === COMMAND) commands.push(JSON.parse(header) as Command);
    else steps.push({ atMs: Number(atMs), arrival: JSON.parse(header) as Arrival, body });
  }
  return { steps, commands, length: rows.length };
}
