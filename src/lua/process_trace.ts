/** What processes are in traces: their starts and ends are spans, and what they do belongs to their start. */
import type { SpanAttributes, Tracing } from "../ports/mod.ts";
import type { Exit } from "../vm/mod.ts";
import { failureOf } from "./lua_failure.ts";
import type { LuaProcess } from "./lua_process.ts";

function attributesOf({ pid }: LuaProcess): SpanAttributes {
  return { "process.pid": pid };
}

/** Tells that a process starts, and has it be part of the trace of who started it. */
export function startTrace(tracing: Tracing, process: LuaProcess): void {
  const { enabled, lifecycle } = tracing.sources.processes;
  const { trace } = process.frame;
  if (!enabled) {
    if (trace !== undefined) process.frame = { ...process.frame, trace: undefined };
    return;
  }
  if (!lifecycle) return;
  const span = tracing.start(`${process.entryId}.started`, "internal", trace, attributesOf(process));
  span.end();
  process.frame = { ...process.frame, trace: span.context };
}

/** Tells that a process has ended. */
export function endTrace(tracing: Tracing, process: LuaProcess, exit: Exit): void {
  const { enabled, lifecycle } = tracing.sources.processes;
  if (!enabled || !lifecycle) return;
  const { trace } = process.frame;
  const span = tracing.start(`${process.entryId}.terminated`, "internal", trace, attributesOf(process));
  span.end(exit.ok ? undefined : failureOf(exit.error!));
}
