/** What the process that stands for a workflow does with what reaches it. */
import type { Value } from "../core/mod.ts";
import type { NativeReceiver } from "../ports/mod.ts";
import type { LuaValue } from "../vm/mod.ts";
import type { Run } from "./run.ts";
import { storedFailure } from "./stored_failure.ts";

/** Makes steps of messages and events. */
export function receiverOf(run: Run, encode: (values: LuaValue[]) => Uint8Array): NativeReceiver {
  return {
    message: (topic: string, values: Value[], from: string): void => {
      run.arrive({ type: "message", topic, from }, encode(values as LuaValue[]));
    },
    event: ({ from, kind, reason = "", result }): void => {
      if (kind === "pid.cancel") return run.arrive({ type: "cancel", from, reason });
      const failure = result?.error == null ? null : storedFailure(result.error);
      run.arrive({ type: "ended", event: kind, from, failure }, encode([result?.value as LuaValue ?? null]));
    },
    terminate: (): void => run.terminate(),
  };
}
