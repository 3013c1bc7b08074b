/**
 * Keeps the index of a project complete, in the background.
 *
 * IX1. A change ends what is under way; once nothing has changed for a moment, what is missing is made, imports first.
 * IX2. Much is made on threads, little on this one, a source at a time between the client's requests. What threads do not bring is made
 *      here as well.
 */
import { batchesOf, runOnThreads } from "../lint/mod.ts";
import type { LuaDefinition } from "../lua/mod.ts";
import type { Clock, Threads, TimerHandle } from "../ports/mod.ts";
import { indexOf, type SourceIndex } from "./source_index.ts";
import type { LuaUnit, Workspace } from "./workspace.ts";

/** How indexes are made. */
export interface IndexerOptions {
  readonly workspace: Workspace;
  readonly clock: Clock;
  /** Without them everything is made on this thread. */
  readonly threads?: Threads;
  readonly threadCount: number;
}

/** What a thread that makes indexes is told first. */
export interface IndexBoot {
  readonly kind: "index";
  readonly definitions: readonly LuaDefinition[];
}

/** Keys of sources. */
export type IndexJob = readonly string[];
/** Their indexes, as a thread hands them back. */
export type IndexAnswer = readonly (readonly [key: string, index: SourceIndex])[];

/** Characters of source above which threads are worth their start; about 10,000 lines. */
const THREADS_CHARACTERS_MIN = 400_000;
/** Characters of one job of a thread. */
const JOB_CHARACTERS = 64_000;
const THREADS_MAX = 4;
/** How long nothing must have changed. */
const QUIET_MS = 300;

/** Makes the indexes of one workspace. */
export class Indexer {
  readonly #options: IndexerOptions;
  #run: AbortController | undefined;
  #timer: TimerHandle | undefined;
  #isStopped = false;
  /** Jobs that threads have done. */
  threadJobs = 0;

  constructor(options: IndexerOptions) {
    this.#options = options;
  }

  /** Whether nothing is missing and nothing under way. */
  get isIdle(): boolean {
    return this.#run === undefined && this.#timer === undefined;
  }

  /** Makes what is missing, now. */
  begin(): void {
    this.#cancel();
    if (this.#isStopped) return;
    const run = this.#run = new AbortController();
    const ended = (): void => {
      if (this.#run === run) this.#run = undefined;
    };
    // A project that can't be read is for the answers to tell; searches do without an index.
    this.#make(run.signal).then(ended, ended);
  }

  /** Something has changed: makes what is missing once it is quiet. */
  changed(): void {
    this.#cancel();
    if (this.#isStopped) return;
    this.#timer = this.#options.clock.timer(QUIET_MS, () => {
      this.#timer = undefined;
      this.begin();
    }, { background: true });
  }

  /** Ends for good. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#run?.abort();
    this.#run = undefined;
  }

  async #make(signal: AbortSignal): Promise<void> {
    const { clock, threadCount, threads, workspace } = this.#options;
    // What the client asked for meanwhile comes first.
    await soon(clock);
    if (signal.aborted) return;
    const run = {};
    const missing = new Map(
      [...workspace.units()].filter(({ key }) => workspace.index.get(key) === undefined).map((
        unit,
      ) => [unit.key, unit]),
    );
    workspace.index.await(run, missing.keys());
    const sizeOf = (key: string): number => workspace.unitText(missing.get(key)!).source.length;
    const importsOf = (key: string): Iterable<string> => workspace.luaDefinition(key)?.imports.values() ?? [];
    const size = [...missing.keys()].reduce((sum, key) => sum + sizeOf(key), 0);
    let batches = batchesOf(missing.keys(), { importsOf, sizeOf }, JOB_CHARACTERS);
    if (threads !== undefined && size >= THREADS_CHARACTERS_MIN) {
      batches = await runOnThreads<IndexJob, IndexAnswer>({
        threads,
        clock,
        program: "check",
        count: Math.max(2, Math.min(threadCount, THREADS_MAX)),
        boot: { kind: "index", definitions: closureOf(workspace, missing.keys()) } satisfies IndexBoot,
        jobs: batches,
        take: (answer) => {
          this.threadJobs++;
          for (const [key, index] of answer) workspace.index.take(run, key, index);
        },
        signal,
      }) as string[][];
    }
    for (const key of batches.flat()) {
      if (signal.aborted) return;
      const unit = missing.get(key)!;
      if (isCurrent(workspace, unit)) makeIndex(workspace, run, unit);
      await soon(clock);
    }
  }
}

function soon(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.soon(resolve));
}

/** Makes the index of a source, on this thread. */
function makeIndex(workspace: Workspace, run: object, unit: LuaUnit): void {
  try {
    workspace.index.take(run, unit.key, indexOf(workspace, workspace.check(unit)));
  } catch (error) {
    // It stays without one; who asks about this source is told what is wrong.
    if (!(error instanceof Error)) throw error;
  }
}

/** Whether a source is still there as it was found. */
function isCurrent(workspace: Workspace, unit: LuaUnit): boolean {
  return workspace.unit(unit.uri)?.key === unit.key;
}

/** The definitions of sources and of all that they import. */
function closureOf(workspace: Workspace, keys: Iterable<string>): LuaDefinition[] {
  const seen = new Set(keys);
  const found: LuaDefinition[] = [];
  // A Set's iterator also visits what is added on the way.
  for (const key of seen) {
    const definition = workspace.luaDefinition(key);
    if (definition === undefined) continue;
    found.push(definition);
    for (const target of definition.imports.values()) seen.add(target);
  }
  return found;
}
