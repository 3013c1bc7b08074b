/**
 * What the rules of the system are told, and what they asked: the findings of an entry hold as long as the answers do.
 */
import { isValueMap, nearestName, type Value } from "../core/mod.ts";
import type { World } from "../lang/mod.ts";
import type { CheckedEntry, ModuleDeclaration } from "../lua/mod.ts";
import type { Entry } from "../registry/mod.ts";
import { compilePatterns, type Matcher } from "../security/mod.ts";

/** A question and its answer; "" stands for none. */
export type Asked = readonly [
  question: "kind" | "allow" | "workflow" | "activity",
  about: string,
  answer: string,
];

/** What `wippy test` adds to every application for its run. */
const TEST_NAMESPACE = "wippy.test";

/** Kind of ids whose entries are made at run time or stand in a module that is missing. */
const ELSEWHERE = "*";

/** All that the rules may ask about one project. */
export class ProjectFacts {
  readonly #kinds: ReadonlyMap<string, string>;
  readonly #modules: ReadonlyMap<string, ModuleDeclaration>;
  readonly #made: () => ReadonlySet<string>;
  readonly #isAllowed: Matcher;
  readonly #hasPolicies: boolean;
  readonly #activities: ReadonlySet<string>;

  readonly #foreign: ReadonlySet<string> | undefined;

  /** `made` gives the ids that sources mention as those of entries they make. */
  constructor(
    entries: readonly Pick<Entry, "id" | "kind" | "data" | "meta">[],
    modules: readonly ModuleDeclaration[],
    isIncomplete: boolean,
    made: () => ReadonlySet<string>,
  ) {
    this.#kinds = new Map(entries.map(({ id, kind }) => [id, kind]));
    this.#modules = new Map(modules.map((module) => [module.name, module]));
    this.#made = made;
    this.#foreign = isIncomplete ? new Set(entries.map(({ id }) => namespaceOf(id))) : undefined;
    const policies = entries.filter(({ kind }) => kind.startsWith("security.policy"));
    this.#hasPolicies = policies.length > 0;
    this.#activities = new Set(entries.filter(isActivity).map(({ id }) => id));
    this.#isAllowed = compilePatterns(policies.flatMap(allowedActions));
  }

  /** Ids of all entries. */
  ids(): Iterable<string> {
    return this.#kinds.keys();
  }

  /** Names of all modules. */
  moduleNames(): Iterable<string> {
    return this.#modules.keys();
  }

  /** Whether there is a module of that name in this build. */
  hasModule(name: string): boolean {
    return this.#modules.get(name)?.isAbsent === undefined && this.#modules.has(name);
  }

  /** Whether there is a module of that name, but not in this build. */
  isAbsent(name: string): boolean {
    return this.#modules.get(name)?.isAbsent === true;
  }

  /** Answers a question. */
  answer(question: Asked[0], about: string): string {
    switch (question) {
      case "kind":
        return this.#kinds.get(about) ?? (this.#isElsewhere(about) ? ELSEWHERE : "");
      case "allow":
        return !this.#hasPolicies || this.#isAllowed(about) ? "yes" : "";
      case "workflow":
        return this.#modules.get(about)?.classes.includes("workflow") === false ? "" : "yes";
      case "activity":
        return this.#activities.has(about) || !this.#kinds.has(about) ? "yes" : "";
    }
  }

  #idsOf(kinds: RegExp): string[] {
    return [...this.#kinds].filter(([, kind]) => kinds.test(kind)).map(([id]) => id);
  }

  #isElsewhere(id: string): boolean {
    const namespace = namespaceOf(id);
    return namespace === TEST_NAMESPACE || this.#foreign?.has(namespace) === false || this.#made().has(id);
  }

  /** The world of one entry; what is asked goes into `asked`. */
  world({ definition, calls, result }: CheckedEntry, asked: Map<string, Asked>): World {
    const ask = (question: Asked[0], about: string): string => {
      const answer = this.answer(question, about);
      asked.set(`${question} ${about}`, [question, about, answer]);
      return answer;
    };
    return {
      entryId: definition.id,
      kind: definition.kind,
      method: definition.method,
      modules: definition.modules,
      kindOf: (id) => ask("kind", id) || undefined,
      nearest: (id, kinds) => nearestName(id, this.#idsOf(kinds)),
      mayAllow: (action) => ask("allow", action) === "yes",
      isForWorkflows: (module) => ask("workflow", module) === "yes",
      mayBeActivity: (id) => ask("activity", id) === "yes",
      calls,
      module: result.module,
    };
  }
}

/** Ids that a source mentions as those of entries it makes. */
export function madeIds(source: string): string[] {
  if (!source.includes("id")) return [];
  const found = new Set<string>();
  for (const [, id] of source.matchAll(/\bid\s*=\s*["']([^"'\s:]+:[^"'\s]+)["']/g)) found.add(id!);
  return [...found];
}

function namespaceOf(id: string): string {
  return id.slice(0, id.indexOf(":"));
}

/** Patterns of the actions that a policy allows. */
function allowedActions({ data }: Pick<Entry, "data">): string[] {
  const policy = data["policy"];
  if (!isValueMap(policy) || policy["effect"] === "deny") return [];
  const actions: Value = policy["actions"];
  const list = Array.isArray(actions) ? actions : [actions];
  return list.filter((action) => typeof action === "string");
}

/** Whether workflows may call an entry. */
function isActivity({ meta }: Pick<Entry, "meta">): boolean {
  const temporal = meta["temporal"];
  return isValueMap(temporal) && isValueMap(temporal["activity"]);
}
