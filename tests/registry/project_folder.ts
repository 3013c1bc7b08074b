/** Projects in a simulated file system, loaded as an application would load them. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { Failure } from "../../src/core/mod.ts";
import { simulatedPorts } from "../../src/platform/simulated/mod.ts";
import { type Entry, type LoadedEntries, loadEntries, type LoadOptions } from "../../src/registry/mod.ts";

/** Root of the simulated project. */
export const ROOT = "/project";

/** Warnings a load gave, as `message {fields}`. */
export interface LoadedProject {
  readonly loaded: LoadedEntries;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly warnings: string[];
}

/** Loads `files` (paths relative to the project, or absolute) whose definitions are in `src`. */
export function load(
  files: Record<string, string | Uint8Array>,
  options: Partial<LoadOptions> = {},
): LoadedProject {
  const ports = simulatedPorts({ seed: 1, workingDirectory: ROOT });
  ports.files.makeDirectory(`${ROOT}/src`, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    const file = path.startsWith("/") ? path : `${ROOT}/${path}`;
    ports.files.makeDirectory(dirname(file), { recursive: true });
    ports.files.writeFile(file, text);
  }
  const warnings: string[] = [];
  const loaded = loadEntries({
    files: ports.files,
    yaml: ports.yaml,
    root: ROOT,
    sourceDirectory: `${ROOT}/src`,
    modulesDirectory: `${ROOT}/.wippy`,
    warn: (message: string) => warnings.push(message),
    ...options,
  });
  return { loaded, entries: new Map(loaded.entries.map((entry) => [entry.id, entry])), warnings };
}

/** The failure that `work` ends with. */
export function failureOf(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    assert(error instanceof Failure, String(error));
    return error;
  }
  throw new Error("nothing failed");
}
