/** Snapshots in place of a log that has grown long. */
import type { TimerHandle } from "../../ports/mod.ts";
import type { Applier } from "./applier.ts";
import { packConfig } from "./config.ts";
import { configAt } from "./config_log.ts";
import type { RaftLog } from "./log.ts";
import type { RaftOptions } from "./parts.ts";

/** Looks at the length of a log now and then. */
export class Compaction {
  readonly #options: RaftOptions;
  readonly #log: RaftLog;
  readonly #applier: Applier;
  #timer: TimerHandle | undefined;

  constructor(options: RaftOptions, log: RaftLog, applier: Applier) {
    this.#options = options;
    this.#log = log;
    this.#applier = applier;
  }

  /** Begins to look. */
  start(): void {
    const { clock, settings } = this.#options;
    this.#timer = clock.timer(settings.snapshotMs, () => {
      this.start();
      if (this.#applier.applied - this.#covered >= settings.snapshotEntries) this.take();
    }, { background: true });
  }

  /** Ends it. */
  close(): void {
    this.#timer?.cancel();
  }

  get #covered(): number {
    return this.#log.snapshot?.index ?? 0;
  }

  /** Takes a snapshot of what has been applied, when there is more of it than the last one covers. */
  take(): void {
    const index = this.#applier.applied;
    if (index <= this.#covered) return;
    const { machine, settings } = this.#options;
    this.#log.compact({
      index,
      term: this.#log.termAt(index)!,
      config: packConfig(configAt(this.#log, index).config),
      data: machine.snapshot(),
    }, settings.trailingEntries);
  }
}
