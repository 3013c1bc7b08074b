/** Snapshots in place of a log that has grown long. */
import type { TimerHandle } from "../../ports/mod.ts";
import type { Applier } from "./applier.ts";
import { packConfig } from "./config.ts";
import { configAt } from "./config_log.ts";
import type { RaftLog } from "./log.ts";
import type { RaftOptions } from "./parts.ts";

const LOOK_MS = 1_000;
/** A log that is so many times as long as it may be is not left until the next regular look. */
const FAST_FACTOR = 4;

/** Looks at the length of a log now and then. */
export class Compaction {
  readonly #options: RaftOptions;
  readonly #log: RaftLog;
  readonly #applier: Applier;
  #timer: TimerHandle | undefined;
  #elapsedMs = 0;

  constructor(options: RaftOptions, log: RaftLog, applier: Applier) {
    this.#options = options;
    this.#log = log;
    this.#applier = applier;
  }

  /** Begins to look: as often as is set, and at a log that grows fast more often. */
  start(): void {
    const { clock, settings } = this.#options;
    const everyMs = Math.min(settings.snapshotMs, LOOK_MS);
    this.#timer = clock.timer(everyMs, () => {
      this.start();
      this.#elapsedMs += everyMs;
      const grown = this.#applier.applied - this.#covered;
      const isDue = this.#elapsedMs >= settings.snapshotMs;
      if (isDue) this.#elapsedMs = 0;
      if (grown >= settings.snapshotEntries * (isDue ? 1 : FAST_FACTOR)) this.take();
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
