/**
 * Findings about definitions: entries that can't be loaded, references to nothing, grants that nobody uses.
 *
 * DF1. What is certain to keep an application from starting is E0014 and always told; what may come to be while it runs is an S code.
 * DF2. A finding says what it is about, not where that stands: whoever shows it looks the place up.
 */
import { type Decoded, Failure, isValueMap, nearestName, resolveEntryId, type Value } from "../core/mod.ts";
import type { Severity } from "../lang/mod.ts";
import { AMBIENT_MODULES, decodeDefinition, type LUA_CONFIG, LUA_KINDS } from "../lua/mod.ts";
import { type Entry, type KindTable, type ReferencesOf, REQUIREMENT_KIND } from "../registry/mod.ts";
import type { ProjectFacts } from "./project_facts.ts";

/** What in a definition a finding is about: the entry as a whole, a field, texts that name `id`, an item of a list, a key. */
export type Mark =
  | { readonly kind: "entry" }
  | { readonly kind: "field"; readonly path: string }
  | { readonly kind: "reference"; readonly id: string }
  | { readonly kind: "module"; readonly name: string }
  | { readonly kind: "import"; readonly alias: string };

/** A change of what an entry is granted. */
export interface GrantChange {
  readonly kind: "grant";
  readonly list: "modules" | "imports";
  /** The module, or the alias of the import. */
  readonly name: string;
  /** What an alias that is added stands for. */
  readonly target?: string;
  readonly isAdded: boolean;
}

/** A change of a definition, and what it is called. */
export interface GrantFix {
  readonly title: string;
  readonly change: GrantChange;
}

/** One finding. */
export interface DefinitionFinding {
  readonly entry: Pick<Entry, "id">;
  readonly code: "E0014" | "S0002" | "S0003";
  readonly severity: Severity;
  readonly message: string;
  readonly mark: Mark;
  readonly help?: string;
  readonly fix?: GrantFix;
}

/** Kinds of entries that hold bytecode: there is nothing to look at. */
const COMPILED_KIND = /^(?:function|library|process|workflow)\.lua\.bc$/;

type DefinedEntry = Pick<Entry, "id" | "kind" | "meta" | "data">;

/** Looks at the definitions of one project. */
export class DefinitionFindings {
  readonly #facts: ProjectFacts;
  readonly #kinds: KindTable;
  readonly #references: ReferencesOf;
  /** Namespaces of requirements by the id of an entry that they fill in. */
  readonly #fillers = new Map<string, Set<string>>();

  constructor(facts: ProjectFacts, kinds: KindTable, entries: Iterable<DefinedEntry>) {
    this.#facts = facts;
    this.#kinds = kinds;
    const all = [...entries] as Entry[];
    this.#references = kinds.referencesAmong(all);
    for (const { data, id, kind } of all) {
      if (kind !== REQUIREMENT_KIND) continue;
      const ns = namespaceOf(id);
      for (const target of targetsOf(data["targets"], ns)) {
        this.#fillers.set(target, (this.#fillers.get(target) ?? new Set()).add(ns));
      }
    }
  }

  /** All findings about an entry but those about grants. */
  of(entry: DefinedEntry): DefinitionFinding[] {
    return COMPILED_KIND.test(entry.kind) ? [] : [...this.#broken(entry), ...this.#missing(entry)];
  }

  /** What keeps an entry from being loaded. */
  #broken(entry: DefinedEntry): DefinitionFinding[] {
    const broken = (message: string, mark: Mark, near?: string): DefinitionFinding => ({
      entry,
      code: "E0014",
      severity: "error",
      message,
      mark,
      ...helpFor(near),
    });
    const kind = this.#kinds.find(entry.kind);
    if (kind === undefined) {
      const near = nearestName(entry.kind, this.#kinds.names());
      return [broken(`unknown kind ${entry.kind}`, { kind: "field", path: "kind" }, near)];
    }
    const found: DefinitionFinding[] = [];
    const isLua = (LUA_KINDS as readonly string[]).includes(entry.kind);
    const failure = attempt(() => {
      const config = kind.config.decode(entry.data, {
        path: "",
        ns: namespaceOf(entry.id),
        references: [],
      });
      if (isLua) decodeDefinition(entry as Entry, config as Decoded<typeof LUA_CONFIG>);
    });
    if (failure !== undefined) {
      const { path } = failure.details ?? {};
      const field = typeof path === "string" ? path : "";
      // What a placeholder stands for is known only to the application.
      if (!isFilledIn(entry.data, field)) found.push(broken(failure.message, { kind: "field", path: field }));
    }
    if (!isLua) return found;
    for (const name of listOf(entry.data["modules"])) {
      if (this.#facts.hasModule(name) || name.includes("${")) continue;
      if (this.#facts.isAbsent(name)) {
        found.push(broken(`module ${name} is not in this build`, { kind: "module", name }));
        continue;
      }
      const near = nearestName(name, this.#facts.moduleNames());
      found.push(broken(`unknown module ${name}`, { kind: "module", name }, near));
    }
    return found;
  }

  /** References of an entry to entries that are not there. */
  #missing(entry: DefinedEntry): DefinitionFinding[] {
    const found: DefinitionFinding[] = [];
    for (const id of this.#references(entry as Entry)) {
      const isKnown = !id.includes(":") || id.includes("${") || this.#facts.answer("kind", id) !== "";
      if (isKnown || this.#isToBeGiven(entry, id)) continue;
      found.push({
        entry,
        code: "S0002",
        severity: "error",
        message: `${entry.id} refers to ${id}, which is no entry`,
        mark: { kind: "reference", id },
        ...helpFor(nearestName(id, this.#facts.ids())),
      });
    }
    return found;
  }

  /** Whether an id only holds the place of what whoever uses the module will give. */
  #isToBeGiven(entry: DefinedEntry, id: string): boolean {
    return this.#fillers.get(entry.id)?.has(namespaceOf(id)) ?? false;
  }

  /** Modules and imports that an entry lists and its source, which uses `used`, never does; undefined says that it may use any. */
  grants(entry: DefinedEntry, used: readonly string[] | undefined): DefinitionFinding[] {
    if (used === undefined) return [];
    const names = new Set([...used, ...AMBIENT_MODULES]);
    const modules = listOf(entry.data["modules"]).filter((name) =>
      !names.has(name) && this.#facts.hasModule(name)
    );
    const aliases = keysOf(entry.data["imports"]).filter((alias) => !names.has(alias));
    return [
      ...modules.map((name) => unused(entry, "modules", name, { kind: "module", name })),
      ...aliases.map((alias) => unused(entry, "imports", alias, { kind: "import", alias })),
    ];
  }
}

function unused(
  entry: DefinedEntry,
  list: GrantChange["list"],
  name: string,
  mark: Mark,
): DefinitionFinding {
  return {
    entry,
    code: "S0003",
    severity: "warning",
    message: `${list === "modules" ? "module" : "import"} '${name}' is granted and never used`,
    mark,
    fix: {
      title: `take ${name} out of its ${list}`,
      change: { kind: "grant", list, name, isAdded: false },
    },
  };
}

/** The change that grants a module. */
export function moduleFix(name: string): GrantFix {
  return {
    title: `add ${name} to its modules`,
    change: { kind: "grant", list: "modules", name, isAdded: true },
  };
}

/** The change that imports a library under a name. */
export function importFix(name: string, target: string): GrantFix {
  return {
    title: `add ${target} to its imports`,
    change: { kind: "grant", list: "imports", name, target, isAdded: true },
  };
}

function helpFor(near: string | undefined): { help?: string } {
  return near === undefined ? {} : { help: `help: did you mean ${near}?` };
}

function attempt(decode: () => unknown): Failure | undefined {
  try {
    decode();
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** Whether the value at a path such as `pool.size` or `modules[2]` holds a placeholder. */
function isFilledIn(data: Value, path: string): boolean {
  let value = data;
  for (const step of path.split(/[.[\]]+/).filter((each) => each !== "")) {
    value = Array.isArray(value) ? value[Number(step) - 1] : isValueMap(value) ? value[step] : undefined;
  }
  return path !== "" && typeof value === "string" && value.includes("${");
}

/** Entries that a requirement fills in; what is malformed is passed over. */
function targetsOf(targets: Value, ns: string): string[] {
  return (Array.isArray(targets) ? targets : []).flatMap((target) => {
    const id = isValueMap(target) ? target["entry"] : undefined;
    return typeof id === "string" ? [resolveEntryId(id, ns)] : [];
  });
}

function namespaceOf(id: string): string {
  return id.slice(0, Math.max(0, id.indexOf(":")));
}

function listOf(value: Value): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function keysOf(value: Value): string[] {
  return isValueMap(value) ? Object.keys(value) : [];
}
