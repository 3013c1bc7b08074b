/** Runs a simulation once per seed, and says how to repeat a failure. */
import process from "node:process";
import type { Trace } from "./world.ts";

/** Seeds of a plain test run; WIPPY_SEEDS overrides the number, WIPPY_SEED picks a single one. */
const SEEDS_DEFAULT = 100;

/** Longest run of one simulation over all its seeds. */
export const SEEDS_TIMEOUT_MS = 600_000;

/** A simulation: runs to its end and throws when a rule was broken. */
export type Simulation = (seed: number) => Promise<Trace>;

/** The seeds to run. */
export function seedsToRun(): number[] {
  const single = process.env["WIPPY_SEED"];
  if (single !== undefined && single !== "") return [Number(single)];
  const count = Number(process.env["WIPPY_SEEDS"] ?? "") || SEEDS_DEFAULT;
  return Array.from({ length: count }, (_, i) => i + 1);
}

/** Runs `simulate` with every seed; a failure names the seed and the command that repeats it. */
export async function runSeeds(file: string, simulate: Simulation): Promise<void> {
  for (const seed of seedsToRun()) {
    try {
      await simulate(seed);
    } catch (error) {
      const text = error instanceof Error ? error.stack ?? error.message : String(error);
      throw new Error(
        `seed ${seed} failed; repeat with: WIPPY_SEED=${seed} node_modules/.bin/bun test ./tests/sim/${file}\n${text}`,
        { cause: error },
      );
    }
  }
}
