/**
 * Modules that are mounted and dismounted while the application runs: what a change of `ns.dependency` or `ns.requirement` entries
 * brings with it.
 *
 * ME1. A module that becomes reachable is read from where the project has it; its entries join the change set. One that is no longer
 *      reachable takes its entries with it.
 * ME2. Only requirements whose value changed are written anew: what was edited by hand elsewhere stays.
 * ME3. The graph that was resolved is stored with the version; going back to it replays entries and graph, nothing is solved again.
 */
import { valuesEqual } from "../core/mod.ts";
import { difference, type Operation } from "./change_set.ts";
import type { Entry } from "./entry.ts";
import {
  DEPENDENCY_KIND,
  isRootDependency,
  linkEntries,
  moduleOf,
  REQUIREMENT_KIND,
  requirementValues,
} from "./link.ts";
import { ModuleShelf, type ProjectSources } from "./module_shelf.ts";
import { graphOf } from "./project_loader.ts";
import type { PreparedChange, RegistryOptions } from "./registry_options.ts";
import { RegistryState } from "./state.ts";

/** Registry options that expand modules from the places a project has them in. */
export function moduleExpansion(
  sources: ProjectSources & { readonly warn?: (message: string) => void },
): Required<Pick<RegistryOptions, "prepare" | "resolveGraph">> {
  const open = () => new ModuleShelf(sources, sources.warn ?? (() => {}));
  return {
    prepare: (operations, state) => {
      if (!operations.some(({ entry }) => isModuleKind(entry.kind))) return { operations };
      return expand(operations, state, open());
    },
    resolveGraph: (state) => {
      const shelf = open();
      return graphOf(state.all(), (module) => shelf.find(module));
    },
  };
}

function isModuleKind(kind: string): boolean {
  return kind === DEPENDENCY_KIND || kind === REQUIREMENT_KIND;
}

function expand(operations: readonly Operation[], state: RegistryState, shelf: ModuleShelf): PreparedChange {
  const asked = state.with(operations);
  const before = reachable(state.all());
  const entries = withModules(asked, before, shelf);
  const graph = sameDependencies(state, entries)
    ? undefined
    : graphOf(entries, (module) => shelf.find(module));
  const linked = linkChanged(entries, state);
  return { operations: difference(state.all(), linked.all()), ...(graph === undefined ? {} : { graph }) };
}

/** `asked` with the entries of newly mounted modules and without those of dismounted ones. */
function withModules(asked: RegistryState, before: ReadonlySet<string>, shelf: ModuleShelf): Entry[] {
  const present = new Set([...asked.all()].map(moduleOf));
  const added: Entry[] = [];
  const all = () => [...asked.all(), ...added];
  for (let missing = unmounted(all(), present); missing.length > 0; missing = unmounted(all(), present)) {
    for (const module of missing) {
      present.add(module);
      added.push(...shelf.find(module)?.placed.map(({ entry }) => entry) ?? []);
    }
  }
  const after = reachable(all());
  return all().filter((entry) => {
    const module = moduleOf(entry);
    return module === "" || after.has(module) || !before.has(module);
  });
}

function unmounted(entries: readonly Entry[], present: ReadonlySet<string>): string[] {
  return [...reachable(entries)].filter((module) => !present.has(module));
}

/** Modules that are reached from the application's own dependencies. */
function reachable(entries: Iterable<Entry>): Set<string> {
  const byModule = new Map<string, string[]>();
  const queue: string[] = [];
  for (const entry of entries) {
    const component = entry.data["component"];
    if (entry.kind !== DEPENDENCY_KIND || typeof component !== "string") continue;
    if (isRootDependency(entry)) queue.push(component);
    else byModule.set(moduleOf(entry), [...byModule.get(moduleOf(entry)) ?? [], component]);
  }
  const reached = new Set<string>();
  for (let module = queue.pop(); module !== undefined; module = queue.pop()) {
    if (reached.has(module)) continue;
    reached.add(module);
    queue.push(...byModule.get(module) ?? []);
  }
  return reached;
}

function sameDependencies(state: RegistryState, entries: readonly Entry[]): boolean {
  const dependencies = (list: Iterable<Entry>) => [...list].filter((entry) => entry.kind === DEPENDENCY_KIND);
  return difference(dependencies(state.all()), dependencies(entries)).length === 0;
}

/** Fills in the requirements that are new or whose value is another one than in `state`. */
function linkChanged(entries: readonly Entry[], state: RegistryState): RegistryState {
  const then = requirementValues([...state.all()]);
  const now = requirementValues(entries);
  const changed = (requirement: Entry): boolean => {
    if (!then.has(requirement.id) || state.get(requirement.id) !== requirement) return true;
    const [old, current] = [then.get(requirement.id), now.get(requirement.id)];
    return current !== undefined && (old === undefined || !valuesEqual(old.value, current.value));
  };
  return RegistryState.of(linkEntries(entries, { only: changed, strictModule: (module) => module !== "" }));
}
