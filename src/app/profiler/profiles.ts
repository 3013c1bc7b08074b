/** What can be profiled: lines that ran, memory and states of processes. */
import type { LuaRuntime, ProcessFacts } from "../../lua/mod.ts";
import type { Clock } from "../../ports/mod.ts";
import type { Profile, Sample } from "./pprof.ts";

type Counts = ReadonlyMap<string, readonly (number | null)[]>;

function lineCounts(runtime: LuaRuntime): Counts {
  const counts = new Map<string, readonly (number | null)[]>();
  for (const { id } of runtime.programs.definitions()) {
    const found = runtime.universe.code.lineCounts(id);
    if (found !== undefined) counts.set(id, found);
  }
  return counts;
}

/** How often each line of Lua ran within `ms`, or until `signal` aborts. */
export async function linesProfile(
  runtime: LuaRuntime,
  clock: Clock,
  ms: number,
  signal: AbortSignal,
): Promise<Profile> {
  const timeMs = clock.nowMs();
  const begin = clock.monotonicMs();
  const before = lineCounts(runtime);
  await clock.sleep(ms, signal).catch(() => undefined);
  const samples: Sample[] = [];
  for (const [entry, counts] of lineCounts(runtime)) {
    const old = before.get(entry);
    for (const [i, count] of counts.entries()) {
      // Code that was compiled anew meanwhile counts from nothing again.
      const runs = (count ?? 0) - (old?.[i] ?? 0);
      if (runs > 0) samples.push({ entry, line: i + 1, values: [runs] });
    }
  }
  return {
    types: [{ type: "lines", unit: "count" }],
    samples,
    timeMs,
    durationMs: clock.monotonicMs() - begin,
  };
}

/** Live processes and their memory, by entry. */
export function heapProfile(processes: readonly ProcessFacts[], clock: Clock): Profile {
  const byEntry = new Map<string, [count: number, bytes: number]>();
  for (const { entry, memoryBytes } of processes) {
    const sum = byEntry.get(entry) ?? [0, 0];
    byEntry.set(entry, [sum[0] + 1, sum[1] + memoryBytes]);
  }
  return {
    types: [{ type: "inuse_objects", unit: "count" }, { type: "inuse_space", unit: "bytes" }],
    samples: [...byEntry].map(([entry, values]) => ({ entry, line: 0, values })),
    timeMs: clock.nowMs(),
    durationMs: 0,
  };
}

/** Live processes by entry and state. */
export function processesProfile(processes: readonly ProcessFacts[], clock: Clock): Profile {
  const byState = new Map<string, { entry: string; state: string; count: number }>();
  for (const { entry, state } of processes) {
    const key = `${entry} ${state}`;
    const known = byState.get(key);
    if (known === undefined) byState.set(key, { entry, state, count: 1 });
    else known.count++;
  }
  return {
    types: [{ type: "goroutine", unit: "count" }],
    samples: [...byState.values()].map(({ entry, state, count }) => ({
      entry,
      line: 0,
      values: [count],
      labels: { state },
    })),
    timeMs: clock.nowMs(),
    durationMs: 0,
  };
}

/** A profile as text, largest values first. */
export function printProfile({ types, samples }: Profile): string {
  const last = types.length - 1;
  const sorted = [...samples].sort((a, b) => b.values[last]! - a.values[last]!);
  const lines = sorted.map(({ entry, line, values, labels }) =>
    [...values, line === 0 ? entry : `${entry}:${line}`, ...Object.values(labels ?? {})].join("\t")
  );
  return [`# ${types.map(({ type, unit }) => `${type}/${unit}`).join("\t")}\tplace`, ...lines, ""].join("\n");
}
