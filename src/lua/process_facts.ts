/** Facts of live processes, for listings. */
import type { LuaRuntime } from "./runtime.ts";

/** Facts of a live process, for listings. */
export interface ProcessFacts {
  pid: string;
  entry: string;
  host: string;
  state: string;
  memoryBytes: number;
  mailbox: number;
  coroutines: number;
  channels: number;
  subscriptions: number;
  names: string[];
  /** Turns taken so far. */
  turns: number;
  /** Milliseconds since the Unix epoch. */
  startedMs: number;
  /** Pid of the process that spawned it; "" when it came from outside. */
  parent: string;
  /** Actor it runs under; "" without one. */
  actor: string;
  /** Whether its code, or code that it imports, has changed since it began. */
  stale: boolean;
}

/** Facts of every live process. */
export function processFacts(runtime: LuaRuntime): ProcessFacts[] {
  const { book, names, programs, universe } = runtime;
  book.adoptAll();
  const facts: ProcessFacts[] = [];
  for (const process of book.known()) {
    if (process.isCall) continue;
    const info = universe.info(process.slot);
    facts.push({
      pid: process.pid,
      entry: process.entryId,
      host: process.host,
      state: info.state,
      memoryBytes: universe.memoryOf(process.slot),
      mailbox: info.mailbox,
      coroutines: info.fibers,
      channels: info.channels,
      subscriptions: info.subscriptions,
      names: names.namesOf(process.id),
      turns: universe.turnsOf(process.slot),
      startedMs: process.startedMs,
      parent: process.parent,
      actor: process.frame.actor?.id ?? "",
      stale: !programs.isCurrent(process.program),
    });
  }
  return facts;
}
