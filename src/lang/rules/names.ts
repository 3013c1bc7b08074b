/** Names of a source, found quickly by the rules that ask about many of them. */
import type { Resolution, Variable } from "../resolution.ts";

interface Names {
  readonly taken: ReadonlySet<string>;
  readonly byStart: ReadonlyMap<number, Variable>;
}

const known = new WeakMap<Resolution, Names>();

function namesOf(resolution: Resolution): Names {
  let names = known.get(resolution);
  if (names === undefined) {
    const taken = new Set<string>();
    const byStart = new Map<number, Variable>();
    for (const variable of resolution.variables) {
      taken.add(variable.name);
      byStart.set(variable.start, variable);
    }
    for (const { name } of resolution.globalReads) taken.add(name);
    for (const { name } of resolution.globalWrites) taken.add(name);
    known.set(resolution, names = { taken, byStart });
  }
  return names;
}

/** Whether a name means something somewhere in the source. */
export function isTaken(name: string, resolution: Resolution): boolean {
  return namesOf(resolution).taken.has(name);
}

/** The variable that is declared at an offset. */
export function variableAt(start: number, resolution: Resolution): Variable | undefined {
  return namesOf(resolution).byStart.get(start);
}
