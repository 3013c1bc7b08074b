/**
 * Plans of calls: the entries that a call needs, as they were found the last time it was made.
 *
 * CP1. A plan counts as long as every question that was asked of the file system for it has the same answer, by content and not by time
 *      (`observed_files.ts`), and is asked again each time. A call is never made with what is not in the files any more.
 * CP2. Plans are the account's, not the project's: one that came with a repository would run what its sources do not say.
 * CP3. What may hold a secret from elsewhere is not written down: with overrides there is no plan. Neither is there with packs, whose
 *      content is asked for in other ways, nor with a kept history, which has entries that are in no file.
 * CP4. Nothing that goes wrong with a plan fails a call: then there is none.
 */
import { Failure, isValueMap, type Value } from "../core/mod.ts";
import type { Ports } from "../ports/mod.ts";
import type { Entry, LoadedEntries, ModuleGraph } from "../registry/mod.ts";
import { isHistoryKept } from "./config/mod.ts";
import { pruneKept, readKept, writeKept } from "./kept_file.ts";
import { accountFolder } from "./lua_cache.ts";
import { type Digest, type Observation, observeFiles, stillHolds } from "./observed_files.ts";
import { loadProject, type Project } from "./project.ts";

/** Folder of the account's plans. */
const FOLDER = "calls";
const PLAN_FILE = /^[0-9a-f]+\.json$/;
/** Most plans that are kept, of all projects. */
const PLANS_MAX = 256;
/** Most characters in one. */
const PLAN_LENGTH_MAX = 8 * 1024 * 1024;

/** What is to be called, and with what. */
export interface CallRequest {
  readonly project: Project;
  readonly ports: Ports;
  /** Ids that the call names: the function, and what of its arguments may be one. */
  readonly targets: readonly string[];
  /** Names this program; undefined when it keeps no plans. */
  readonly edition: string | undefined;
  readonly digest: Digest;
}

/** Entries for a call. */
export interface CallEntries {
  readonly loaded: LoadedEntries;
  readonly warnings: readonly string[];
  /** Whether `loaded` holds what the call needs and no more. */
  readonly isSelected: boolean;
  /** Keeps what was selected for the next call. */
  keep(selected: LoadedEntries): void;
}

/** A plan as it is kept. */
interface Plan {
  readonly key: string;
  readonly observations: readonly Observation[];
  readonly entries: readonly Entry[];
  readonly dormant: readonly string[];
  readonly graph: ModuleGraph | null;
  readonly proven: readonly string[];
}

/** The entries for a call: those of its plan, or else all of the project's. */
export function entriesForCall(request: CallRequest): CallEntries {
  const { digest, ports, project } = request;
  const key = keyOf(request);
  const folder = key === undefined ? undefined : accountFolder(ports);
  if (key === undefined || folder === undefined) {
    return { ...loadProject(project, ports, { isDeferred: true }), isSelected: false, keep: () => {} };
  }
  const path = ports.files.resolve(folder, FOLDER, `${digest(new TextEncoder().encode(key))}.json`);
  const plan = readKept(ports.files, path);
  if (isPlan(plan) && plan.key === key && stillHolds(plan.observations, ports.files, digest)) {
    return { loaded: plannedEntries(plan, request), warnings: [], isSelected: true, keep: () => {} };
  }
  const { files, observations } = observeFiles(ports.files, digest);
  const { loaded, warnings } = loadProject(project, { files, yaml: ports.yaml }, { isDeferred: true });
  return {
    loaded,
    warnings,
    isSelected: false,
    keep({ dormant = new Set(), entries }) {
      // What has to be said each time is found by reading.
      if (warnings.length > 0 || !project.packs.isEmpty) return;
      const { graph = null, proven = [] } = loaded;
      try {
        if (!isPlain([entries, graph])) return;
      } catch (error) {
        // A file that one of its fields holds is gone meanwhile.
        if (error instanceof Failure) return;
        throw error;
      }
      keepPlan(ports, path, {
        key,
        observations: observations(),
        entries,
        dormant: [...dormant],
        graph,
        proven: [...proven],
      });
    },
  };
}

/** All that decides about the entries of a call beside the files; undefined when it has no plan. */
function keyOf({ edition, project, targets }: CallRequest): string | undefined {
  const { configuration, lock, modulesDirectory, pack, root, sourceDirectory } = project;
  const { baseDirectory, disabled, overrides, replacements } = configuration;
  if (edition === undefined || pack !== undefined || overrides.length > 0 || isHistoryKept(configuration)) {
    return undefined;
  }
  const places = [root, sourceDirectory, modulesDirectory, baseDirectory];
  return JSON.stringify([edition, targets, places, lock, replacements, disabled]);
}

function plannedEntries(
  { dormant, entries, graph, proven }: Plan,
  { ports, project }: CallRequest,
): LoadedEntries {
  let all: LoadedEntries | undefined;
  // Where something stands is asked for when something is wrong.
  const read = (): LoadedEntries => {
    try {
      return all ??= loadProject(project, ports, { isDeferred: true }).loaded;
    } catch (error) {
      if (error instanceof Failure) return { entries };
      throw error;
    }
  };
  return {
    entries,
    ...dormant.length === 0 ? {} : { dormant: new Set(dormant) },
    ...graph === null ? {} : { graph },
    proven: new Set(proven),
    origin: (id) => read().origin?.(id),
    place: (id) => read().place?.(id),
    source: (id) => read().source?.(id),
    part: (id) => read().part?.(id),
  };
}

function keepPlan({ files }: Ports, path: string, plan: Plan): void {
  const text = JSON.stringify(plan);
  if (text.length > PLAN_LENGTH_MAX || !writeKept(files, path, text)) return;
  pruneKept(files, files.directory(path), (name) => PLAN_FILE.test(name), PLANS_MAX);
}

/** Whether JSON gives back the same. */
function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      if (value === null) return true;
      if (Array.isArray(value)) return value.every(isPlain);
      if (![Object.prototype, null].includes(Object.getPrototypeOf(value))) return false;
      return Object.entries(value).every(([name, item]) => name !== "__proto__" && isPlain(item));
  }
  return false;
}

function isPlan(value: unknown): value is Plan {
  if (typeof value !== "object" || value === null) return false;
  const { dormant, entries, graph, key, observations, proven } = value as { [name in keyof Plan]?: unknown };
  return typeof key === "string" && Array.isArray(observations) && Array.isArray(entries) &&
    Array.isArray(dormant) && Array.isArray(proven) && typeof graph === "object" && entries.every(isEntry);
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  const { data, id, kind, meta } = value as { [name in keyof Entry]?: Value };
  return typeof id === "string" && typeof kind === "string" && isValueMap(meta ?? null) &&
    isValueMap(data ?? null);
}
