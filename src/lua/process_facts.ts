/** Facts of live processes, for listings. */
import type { SlotInfo } from "../vm/mod.ts";
import type { LuaProcess } from "./lua_process.ts";
import type { LuaRuntime } from "./runtime.ts";

/** Facts of a live process, for listings. */
export interface ProcessFacts {
  pid: string;
  entry: string;
  host: string;
  state: string;
  memoryBytes: number;
  mailbox: number;
  /** Number of the worker that runs it; 0 is the main one, or where it waits. */
  worker: number;
  coroutines: number;
  channels: number;
  subscriptions: number;
  names: string[];
  /** The command that it waits for; "" when it is not blocked. */
  waitsFor: string;
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

/** What is said of a process of which nothing has been heard yet. */
const BEGINNING: SlotInfo = { state: "ready", mailbox: 0, fibers: 0, channels: 0, subscriptions: 0 };

/** Facts of every live process; of those in other workers, what was last heard. */
export function processFacts(runtime: LuaRuntime): ProcessFacts[] {
  const { book, names, programs, universe } = runtime;
  book.adoptAll();
  const facts: ProcessFacts[] = [];
  for (const process of book.known()) {
    if (process.isCall) continue;
    const { link, facts: told } = process.placement ?? {};
    const info = process.placement === undefined ? universe.info(process.slot) : told ?? BEGINNING;
    facts.push({
      pid: process.pid,
      entry: process.entryId,
      host: process.host,
      state: info.state,
      memoryBytes: process.placement === undefined ? universe.memoryOf(process.slot) : told?.memoryBytes ?? 0,
      mailbox: process.placement === undefined || link !== undefined
        ? info.mailbox
        : process.placement.heldCount,
      worker: link?.number ?? 0,
      coroutines: info.fibers,
      channels: info.channels,
      subscriptions: info.subscriptions,
      names: names.namesOf(process.id),
      waitsFor: waitsFor(runtime, process),
      turns: process.placement === undefined ? universe.turnsOf(process.slot) : told?.turns ?? 0,
      startedMs: process.startedMs,
      parent: process.parent,
      actor: process.frame.actor?.id ?? "",
      stale: !programs.isCurrent(process.program),
    });
  }
  return facts;
}

function waitsFor({ modules, universe }: LuaRuntime, { placement, slot }: LuaProcess): string {
  if (placement !== undefined) return placement.facts?.waitsFor ?? "";
  return universe.info(slot).state === "blocked" ? modules.waitsFor(slot) : "";
}
