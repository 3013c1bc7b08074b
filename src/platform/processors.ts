/** Which processors threads run on, by calls of Linux. */
import type { Processors } from "../ports/mod.ts";
import { linuxCalls } from "./linux_calls.ts";

/** Undefined where there are no such calls. */
export function systemProcessors(): Processors | undefined {
  const calls = linuxCalls();
  if (calls === undefined) return undefined;
  return {
    allowed: () => calls.processors(),
    confineProgram: (processors) => calls.confine(processors, "program"),
    confineThread: (processors) => calls.confine(processors, "thread"),
  };
}
