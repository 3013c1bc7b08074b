/**
 * Findings kept between runs.
 *
 * LC1. A whole report is kept with every question that was asked of the file system for it. As long as the answers are the same the
 *      report is; files are told apart by content, not by time.
 * LC2. Findings of single entries are kept beside it, for runs after a change.
 * LC3. A cache that can't be read, or is not what was written, is an empty one; one that can't be written is none.
 */
import type { Files } from "../../ports/mod.ts";
import { digestBytes } from "../../registry/mod.ts";
import type { KnownFindings } from "../../lint/mod.ts";
import type { LintReport } from "./lint_report.ts";
import { isKeptReport, keptEntries } from "./kept_shapes.ts";
import { pruneKept, readKept, writeKept } from "../kept_file.ts";
import { type Observation, stillHolds } from "../observed_files.ts";

/** Most reports that are kept; each combination of flags has its own. */
const REPORTS_MAX = 8;
const REPORT_FILE = /^report-[0-9a-f]+\.json$/;
const ENTRIES_FILE = "entries.json";

/** What may be done with the cache. */
export interface CachePlan {
  /** Absolute folder. */
  readonly folder: string;
  readonly canRead: boolean;
  readonly canWrite: boolean;
}

/** The cache of one project. */
export class LintCache {
  readonly #files: Files;
  readonly #plan: CachePlan;
  readonly #edition: string;

  /** What another edition of the program left is not read. */
  constructor(files: Files, plan: CachePlan, edition: string) {
    this.#files = files;
    this.#plan = plan;
    this.#edition = edition;
  }

  /** Forgets everything. */
  reset(): void {
    if (this.#files.stat(this.#plan.folder)?.isDirectory !== true) return;
    for (const { name } of this.#files.list(this.#plan.folder)) {
      if (REPORT_FILE.test(name) || name === ENTRIES_FILE) this.#files.remove(this.#path(name));
    }
  }

  /** The report that is kept under `key`, if it still holds. */
  report(key: string): LintReport | undefined {
    const kept = this.#read(`report-${key}.json`);
    return isKeptReport(kept) && stillHolds(kept.observations, this.#files, digestBytes)
      ? kept.report
      : undefined;
  }

  keepReport(key: string, observations: readonly Observation[], report: LintReport): void {
    this.#write(`report-${key}.json`, { observations, report });
    this.#prune();
  }

  /** Findings of single entries. */
  entries(): KnownFindings {
    return keptEntries(this.#read(ENTRIES_FILE));
  }

  keepEntries(entries: KnownFindings): void {
    this.#write(ENTRIES_FILE, Object.fromEntries(entries));
  }

  #path(name: string): string {
    return this.#files.resolve(this.#plan.folder, name);
  }

  #read(name: string): unknown {
    if (!this.#plan.canRead) return undefined;
    const kept = readKept(this.#files, this.#path(name)) as
      | { edition?: unknown; content: unknown }
      | null
      | undefined;
    return kept?.edition === this.#edition ? kept.content : undefined;
  }

  #write(name: string, content: unknown): void {
    if (!this.#plan.canWrite) return;
    writeKept(this.#files, this.#path(name), JSON.stringify({ edition: this.#edition, content }));
  }

  #prune(): void {
    if (this.#plan.canWrite) {
      pruneKept(this.#files, this.#plan.folder, (name) => REPORT_FILE.test(name), REPORTS_MAX);
    }
  }
}
