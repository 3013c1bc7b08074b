/** What commands of a workflow do outside, once they are recorded. */
import type { CallRequest, ControlAction, ProvidedStart, WorkflowAttributes } from "../lua/mod.ts";
import type { Command } from "./history.ts";
import type { WorkflowRow } from "./journal.ts";
import type { Whereabouts } from "./namespace.ts";
import type { StartOptions } from "./start_options.ts";

/** What a command does. */
export type Effect =
  | { readonly type: "call"; readonly request: CallRequest; readonly scheduledMs: number }
  | { readonly type: "timer"; readonly dueMs: number }
  | { readonly type: "send"; readonly pid: string; readonly topic: string; readonly values: Uint8Array }
  | { readonly type: "spawn"; readonly placement: Placement }
  | {
    readonly type: "control";
    readonly action: ControlAction;
    readonly pid: string;
    readonly reason: string;
  }
  | { readonly type: "attributes"; readonly attributes: WorkflowAttributes }
  | { readonly type: "none" };

/** A command that does nothing outside. */
export const NOTHING: Effect = { type: "none" };

/** What a start is given at its beginning, or what one that runs already is given. */
export type Greeting = ProvidedStart["messages"];

/** Where a start leads. */
export type Placement =
  | {
    readonly kind: "new";
    readonly row: WorkflowRow;
    readonly options: StartOptions;
    /** The workflow that had its id and ends for it. */
    readonly replaced: Whereabouts | undefined;
  }
  | { readonly kind: "existing"; readonly workflow: Whereabouts; readonly messages: Greeting };

/** A command with its number and what it does. */
export interface Issued {
  readonly number: number;
  readonly command: Command;
  readonly effect: Effect;
  /** Whether the history has it already. */
  readonly isKnown: boolean;
}

/** Work outside. */
export interface Underway {
  /** Ends it: nobody waits for it any more. */
  end(): void;
  /** Asks it to end, of which it tells. */
  ask?(): void;
  /** The id that was chosen for it; `""` for none. */
  readonly id?: string;
}

/** In their order, but timers after all else and by their time: those that are due at once fire in the order they should have. */
export function byDue(issued: readonly Issued[]): Issued[] {
  const dueOf = ({ effect }: Issued): number => effect.type === "timer" ? effect.dueMs : -Infinity;
  return [...issued].sort((a, b) => dueOf(a) === dueOf(b) ? 0 : dueOf(a) - dueOf(b));
}
