/**
 * The findings of single entries: syntax, types, rules.
 *
 * EL1. A source with syntax errors is not checked further: what follows from them is noise.
 * EL2. What depends on the text of one entry, those it imports and the answers to what its rules asked is kept between runs.
 */
import { type Decoded, Failure } from "../core/mod.ts";
import { describe, type Diagnostic, excerptsOf, lint } from "../lang/mod.ts";
import { EntryTypes, libraryOf } from "../lua/checking.ts";
import {
  type CheckedEntry,
  decodeDefinition,
  EntryKeys,
  LUA_CONFIG,
  type LuaDefinition,
  type ModuleDeclaration,
  usedGrants,
} from "../lua/mod.ts";
import { moduleFix } from "./definition_findings.ts";
import { type Asked, madeIds, type ProjectFacts } from "./project_facts.ts";
import type { Entry } from "../registry/mod.ts";
import type { Finding } from "./finding.ts";

/** A finding without its place, which depends on where the entry stands. */
export type PlainFinding = Omit<Finding, "place">;

/** What is known of one entry. */
export interface EntryFindings {
  /** Digest of what the findings depend on. */
  readonly key: string;
  readonly asked: readonly Asked[];
  readonly findings: readonly PlainFinding[];
  /** Granted modules and imports by alias that the source uses; undefined when it may use any. */
  readonly used: readonly string[] | undefined;
  /** Ids that the source mentions as those of entries it makes. */
  readonly made: readonly string[];
}

/** Findings of entries, by id. */
export type KnownFindings = ReadonlyMap<string, EntryFindings>;

/** Lints the Lua entries of one project. */
export class EntryLint {
  readonly #definitions: ReadonlyMap<string, LuaDefinition>;
  readonly #known: KnownFindings;
  readonly #modules: readonly ModuleDeclaration[];
  #made: EntryTypes | undefined;
  readonly #keys: EntryKeys;

  constructor(
    definitions: ReadonlyMap<string, LuaDefinition>,
    modules: readonly ModuleDeclaration[],
    edition: string,
    known: KnownFindings,
  ) {
    this.#definitions = definitions;
    this.#known = known;
    this.#keys = new EntryKeys(edition, (id) => definitions.get(id));
    this.#modules = modules;
  }

  /** Made when there is something to check. */
  get #types(): EntryTypes {
    return this.#made ??= new EntryTypes(libraryOf(this.#modules), (id) => this.#definitions.get(id));
  }

  /** The findings of an entry from before, when nothing that matters has changed. */
  known(id: string, facts: ProjectFacts): EntryFindings | undefined {
    const known = this.#known.get(id);
    const holds = known?.key === this.#keys.key(id) &&
      known.asked.every(([question, about, answer]) => facts.answer(question, about) === answer);
    return holds ? known : undefined;
  }

  /** The findings of an entry, found out anew. */
  findings(id: string, facts: ProjectFacts): EntryFindings {
    const key = this.#keys.key(id);
    const checked = this.#types.check(id)!;
    const asked = new Map<string, Asked>();
    const findings = diagnose(checked, facts, asked).map((diagnostic) =>
      plainFinding(diagnostic, checked, facts)
    );
    const { made, used } = mentions(checked);
    return { key, asked: [...asked.values()], findings, used, made };
  }

  /** Ids that the source of an entry mentions as those of entries it makes. */
  made(id: string): readonly string[] {
    const known = this.#known.get(id);
    if (known?.key === this.#keys.key(id)) return known.made;
    return madeIds(this.#definitions.get(id)?.source ?? "");
  }
}

function diagnose(
  checked: CheckedEntry,
  facts: ProjectFacts,
  asked: Map<string, Asked>,
): readonly Diagnostic[] {
  const { parsed, resolution, result } = checked;
  if (parsed.diagnostics.length > 0) return parsed.diagnostics;
  return [...result.diagnostics, ...lint(parsed, resolution, facts.world(checked, asked))];
}

function plainFinding(
  diagnostic: Diagnostic,
  { definition, parsed }: CheckedEntry,
  facts: ProjectFacts,
): PlainFinding {
  const { line, column } = parsed.lines.position(diagnostic.start);
  const { code, severity, help, fix, problem } = diagnostic;
  const isGrant = problem.kind === "undeclared-require" && facts.hasModule(problem.name);
  const grant = isGrant ? problem.name : undefined;
  return {
    entry: definition.id,
    code,
    severity,
    message: describe(diagnostic),
    line,
    column,
    excerpts: excerptsOf(diagnostic, parsed.lines),
    ...(help === undefined ? {} : { help }),
    ...(fix === undefined ? {} : { fix: { title: fix.title, change: { kind: "source", edits: fix.edits } } }),
    ...(grant === undefined ? {} : { fix: moduleFix(grant) }),
  };
}

/** What a source mentions: names of grants, and ids of entries that it makes. */
function mentions({ parsed, resolution }: CheckedEntry): Pick<EntryFindings, "used" | "made"> {
  return { used: usedGrants(parsed, resolution), made: madeIds(parsed.source) };
}

/** The definition of a Lua entry; undefined for one that can't be loaded, which is a finding of its own. */
export function definitionOf(entry: Entry): LuaDefinition | undefined {
  try {
    const config = LUA_CONFIG.decode(entry.data, { path: "", ns: entry.id.split(":")[0]!, references: [] });
    return decodeDefinition(entry, config as Decoded<typeof LUA_CONFIG>);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
