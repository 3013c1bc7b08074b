/** The history of one workflow: what came to it, and what it asked for in answer. */
import type { EventRow } from "./journal.ts";

/** What a workflow asked for. `key` is what must be the same when it is replayed. */
export type Command =
  | {
    readonly type: "call";
    readonly key: string;
    /** Set when it ends by itself after it was cancelled. */
    readonly waits?: true;
  }
  | { readonly type: "timer"; readonly key: string; readonly dueMs: number }
  | { readonly type: "send"; readonly key: string; readonly failure?: StoredFailure }
  | ChildCommand
  | { readonly type: "resolve"; readonly key: string; readonly pid: string | null }
  | { readonly type: "control"; readonly key: string; readonly failure?: StoredFailure }
  | { readonly type: "attributes"; readonly key: string };

/** A start of another workflow. */
export interface ChildCommand {
  readonly type: "spawn" | "exec";
  readonly key: string;
  readonly serial: number;
  /** Absent in histories of the first version: the worker is the parent's. */
  readonly pid?: string;
  /** It ran already, for somebody else. */
  readonly isJoined?: boolean;
  /** Why it was not started. */
  readonly failure?: StoredFailure;
}

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

/** How much is recorded. */
export interface Extent {
  readonly length: number;
  readonly bytes: number;
}

/** The way a run takes at a change of its code. */
export interface VersionChoice {
  readonly change: string;
  readonly version: number;
}

/** A history being read: steps, each with what was recorded up to it, the commands they led to, and the versions of changes. */
export interface History {
  readonly steps: readonly { readonly step: Step; readonly extent: Extent }[];
  readonly commands: readonly Command[];
  readonly versions: readonly VersionChoice[];
  /** All that is recorded. */
  readonly extent: Extent;
}

const COMMAND = "command";
const VERSION = "version";

/** `extent` with one more record. */
export function extended({ bytes, length }: Extent, { body, header }: EventRow): Extent {
  return { length: length + 1, bytes: bytes + header.length + (body?.length ?? 0) };
}

/** The row of a command. */
export function commandRow(command: Command, atMs: number): EventRow {
  return { atMs, kind: COMMAND, header: JSON.stringify(command), body: null };
}

/** The row of a step. */
export function stepRow({ arrival, atMs, body }: Step): EventRow {
  return { atMs, kind: arrival.type, header: JSON.stringify(arrival), body };
}

/** The row of a choice. */
export function versionRow(choice: VersionChoice, atMs: number): EventRow {
  return { atMs, kind: VERSION, header: JSON.stringify(choice), body: null };
}

/** The step in a row. */
export function readStep({ atMs, body, header }: EventRow): Step {
  return { atMs: Number(atMs), arrival: JSON.parse(header) as Arrival, body };
}

/** The history in these rows. */
export function readHistory(rows: readonly EventRow[]): History {
  const steps: { step: Step; extent: Extent }[] = [];
  const commands: Command[] = [];
  const versions: VersionChoice[] = [];
  let extent: Extent = { length: 0, bytes: 0 };
  for (const row of rows) {
    const { header, kind } = row;
    extent = extended(extent, row);
    if (kind === COMMAND) commands.push(JSON.parse(header) as Command);
    else if (kind === VERSION) versions.push(JSON.parse(header) as VersionChoice);
    else steps.push({ step: readStep(row), extent });
  }
  return { steps, commands, versions, extent };
}
