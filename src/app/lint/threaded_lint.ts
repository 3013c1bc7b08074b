/**
 * The findings of single entries, made on several threads when there are many to make.
 *
 * TL1. What comes of it is the same with and without threads; what threads do not bring is simply missing.
 */
import {
  batchesOf,
  type EntryFindings,
  type EntryLint,
  type LintAnswer,
  type LintBoot,
  type LintJob,
  type ProjectFacts,
  runOnThreads,
} from "../../lint/mod.ts";
import type { LuaDefinition } from "../../lua/mod.ts";
import type { Ports } from "../../ports/mod.ts";
import type { Entry } from "../../registry/mod.ts";

/**
 * Characters of source above which threads are worth their start; about 35,000 lines, a second and a half of one thread. A thread
 * compiles this program's code anew while it begins: with less to do that takes longer than what it saves.
 */
const THREADS_CHARACTERS_MIN = 1_200_000;
/** Characters of one job. */
const JOB_CHARACTERS = 64_000;
const THREADS_MAX = 3;

/** What is linted. */
export interface ThreadedLint {
  readonly ports: Partial<Pick<Ports, "threads" | "clock" | "cpus">>;
  readonly sources: EntryLint;
  readonly facts: ProjectFacts;
  readonly definitions: ReadonlyMap<string, LuaDefinition>;
  /** All entries, and those whose findings are wanted. */
  readonly entries: readonly Entry[];
  readonly selected: readonly Entry[];
  /** Ids that sources mention as those of entries they make. */
  readonly made: () => ReadonlySet<string>;
  readonly isIncomplete: boolean;
  readonly edition: string;
  /** Told how far it is, from 0 to 1. */
  readonly progress?: (part: number) => void;
}

/** Findings by id: those from before, and what threads have brought. */
export async function findingsAhead(lint: ThreadedLint): Promise<Map<string, EntryFindings>> {
  const { definitions, facts, selected, sources } = lint;
  const found = new Map<string, EntryFindings>();
  const pending: string[] = [];
  let size = 0;
  for (const { id } of selected) {
    const definition = definitions.get(id);
    if (definition === undefined) continue;
    const known = sources.known(id, facts);
    if (known !== undefined) found.set(id, known);
    else {
      pending.push(id);
      size += definition.source.length;
    }
  }
  const { clock, cpus = 1, threads } = lint.ports;
  if (threads === undefined || clock === undefined || cpus < 2 || size < THREADS_CHARACTERS_MIN) return found;
  const sourceOf = (id: string): string => definitions.get(id)?.source ?? "";
  const jobs = batchesOf(pending, {
    importsOf: (id) => definitions.get(id)?.imports.values() ?? [],
    sizeOf: (id) => sourceOf(id).length,
  }, JOB_CHARACTERS);
  let done = 0;
  await runOnThreads<LintJob, LintAnswer>({
    threads,
    clock,
    program: "check",
    count: Math.min(cpus - 1, THREADS_MAX),
    boot: bootOf(lint),
    jobs,
    take: (answer) => {
      for (const [id, findings] of answer) found.set(id, findings);
      lint.progress?.(++done / (jobs.length + 1));
    },
    own: (job) => job.map((id) => [id, sources.findings(id, facts)] as const),
  });
  return found;
}

function bootOf({ definitions, edition, entries, isIncomplete, made }: ThreadedLint): LintBoot {
  return {
    kind: "lint",
    definitions: [...definitions.values()],
    entries: entries.map(({ data, id, kind, meta }) => ({
      id,
      kind,
      meta: "temporal" in meta ? { temporal: meta["temporal"] } : {},
      data: kind.startsWith("security.policy") ? data : {},
    })),
    made: made(),
    isIncomplete,
    edition,
  };
}
