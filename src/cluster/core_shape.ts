/**
 * Keeps the consensus core as it should be, on the node that leads it: after every change of members it goes one step after the
 * other towards the core that `selectCore` names.
 *
 * CS1. A step is only taken when a majority of those who would vote after it was heard of lately. One that is written down and not agreed
 *      on would keep its writer from leading without them, and all others from leading before it.
 */
import { asFailure } from "../core/mod.ts";
import type { Clock, Log, TimerHandle } from "../ports/mod.ts";
import type { BootstrapPeer } from "./bootstrap.ts";
import type { RaftConfig } from "./raft/config.ts";
import type { Raft, RaftSettings } from "./raft/raft.ts";
import { type CoreLimits, nextStep, selectCore } from "./voters.ts";

/** What shaping needs. */
export interface CoreShapeOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: {
    readonly limits: CoreLimits;
    readonly reconcileDebounceMs: number;
    readonly reconcileTimeoutMs: number;
    readonly raft: RaftSettings;
  };
  readonly raft: () => Raft | undefined;
  /** Live nodes. */
  readonly peers: () => BootstrapPeer[];
}

/** Shapes the core. */
export class CoreShape {
  readonly #options: CoreShapeOptions;
  #timer: TimerHandle | undefined;
  #isWorking = false;
  #isClosed = false;

  constructor(options: CoreShapeOptions) {
    this.#options = options;
  }

  /** Something has changed: looks at the core after a while, in which more may change. */
  soon(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    const { clock, settings } = this.#options;
    this.#timer = clock.timer(settings.reconcileDebounceMs, () => {
      this.#timer = undefined;
      void this.#work();
    }, { background: true });
  }

  /** Ends it. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  /** Goes step by step as far as it can within its time; what does not work now is tried later. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    const { clock, log, settings } = this.#options;
    const endMs = clock.monotonicMs() + settings.reconcileTimeoutMs;
    try {
      while (!this.#isClosed && clock.monotonicMs() < endMs) {
        const step = this.#next();
        if (step === undefined) return;
        const shape = { voters: [...step.voters], standbys: [...step.standbys] };
        log.info("the consensus core changes", shape);
        if (await this.#go(step, endMs - clock.monotonicMs())) continue;
        log.warn("a change of the consensus core takes longer than cluster.raft.reconcile_timeout", shape);
      }
      this.soon();
    } catch (error) {
      const { kind } = asFailure(error);
      if (kind !== "Conflict" && kind !== "Unavailable") throw error;
      this.soon();
    } finally {
      this.#isWorking = false;
    }
  }

  /** Goes one step; false when it is not done within the time, in which case it may be done later. */
  async #go(step: RaftConfig, timeoutMs: number): Promise<boolean> {
    const { clock, raft } = this.#options;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = clock.timer(timeoutMs, () => resolve(false), { background: true });
    const done = raft()!.changeConfig(step).then(() => true);
    // How one ends that nobody waits for any more the next pass finds out.
    done.catch(() => {});
    return await Promise.race([done, promise]).finally(() => timer.cancel());
  }

  #next(): RaftConfig | undefined {
    const { peers, settings } = this.#options;
    const raft = this.#options.raft();
    const leadership = raft?.leadership;
    if (raft === undefined || leadership === undefined) return undefined;
    const silenceMs = Math.max(settings.raft.electionMs, settings.raft.heartbeatMs);
    const servers = peers().filter(({ status }) => status !== "client");
    const wanted = selectCore(servers, settings.limits);
    const step = nextStep(raft.config, wanted, {
      isCurrent: (id) => leadership.matchOf(id) >= raft.commitIndex,
      isLost: (id) => !servers.some((peer) => peer.id === id) && leadership.silenceOf(id) > silenceMs,
    });
    if (step !== undefined && leadership.hasMajority(silenceMs, step)) return step;
    // What has to wait, for a standby to catch up say, is looked at again.
    if (!isSame(raft.config, wanted)) this.soon();
    return undefined;
  }
}

function isSame(a: RaftConfig, b: RaftConfig): boolean {
  const text = ({ voters, standbys }: RaftConfig): string => `${[...voters].sort()};${[...standbys].sort()}`;
  return text(a) === text(b);
}
