/** What a process learns about others and about itself, in the fields that Lua sees. */
import type { Failure, Value } from "../core/mod.ts";

/** How a watched process ended; `error` is null after a clean end. */
export interface ExitResult {
  readonly value: Value;
  readonly error: Failure | null;
}

/** A lifecycle event. `from` is the pid of the canceller or of the process that ended, `at` whole Unix seconds. */
export type LifecycleEvent =
  | { readonly kind: "pid.cancel"; readonly from: string; readonly at: number; readonly reason: string }
  | {
    readonly kind: "pid.exit" | "pid.link.down";
    readonly from: string;
    readonly at: number;
    readonly result: ExitResult;
  };
