/** The part of a thread that lints entries for another one. */
import type { LuaDefinition, ModuleDeclaration } from "../lua/mod.ts";
import type { Entry } from "../registry/mod.ts";
import { type EntryFindings, EntryLint } from "./entry_lint.ts";
import { ProjectFacts } from "./project_facts.ts";

/** What such a thread is told first. */
export interface LintBoot {
  readonly kind: "lint";
  readonly definitions: readonly LuaDefinition[];
  /** All entries; of most only the kind and what they are to workflows matter. */
  readonly entries: readonly Pick<Entry, "id" | "kind" | "data" | "meta">[];
  readonly made: ReadonlySet<string>;
  readonly isIncomplete: boolean;
  readonly edition: string;
}

/** Ids of entries. */
export type LintJob = readonly string[];
/** What was found about each. */
export type LintAnswer = readonly (readonly [id: string, found: EntryFindings])[];

/** Does jobs for the one who sent `boot`. */
export function lintWork(
  { definitions, edition, entries, isIncomplete, made }: LintBoot,
  modules: readonly ModuleDeclaration[],
): (job: LintJob) => LintAnswer {
  const byId = new Map(definitions.map((definition) => [definition.id, definition]));
  const sources = new EntryLint(byId, modules, edition, new Map());
  const facts = new ProjectFacts(entries, modules, isIncomplete, () => made);
  return (job) => job.map((id) => [id, sources.findings(id, facts)] as const);
}
