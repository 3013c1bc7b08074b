/** Services that misbehave as the seed says, and that notice when a supervisor breaks its rules. */
import { Failure, SERVICE_FORCE_MS } from "../../src/core/mod.ts";
import type { Clock, Lifecycle, Service, ServiceRun } from "../../src/ports/mod.ts";
import type { SimulatedRandom } from "../../src/platform/simulated/mod.ts";

/** What the services of one simulation share. */
export interface Faults {
  readonly clock: Clock;
  /** False once faults have stopped: then everything works at once. */
  active: boolean;
  note(text: string): void;
  check(ok: boolean, rule: string): void;
  /** Called when a start begins. */
  starting(service: FaultyService): void;
}

type RunState = "up" | "stopping" | "down";

interface RunFacts {
  state: RunState;
  /** Monotonic time until which a supervisor must wait for its stop. */
  waitedForUntilMs: number;
  /** When it came up after its attempt was given up; null when it came in time. */
  readonly lateAtMs: number | null;
}

/** One service with its own stream of luck. */
export class FaultyService implements Service {
  readonly id: string;
  readonly lifecycle: Lifecycle;
  readonly #faults: Faults;
  readonly #random: SimulatedRandom;
  readonly #runs = new Set<RunFacts>();

  constructor(id: string, lifecycle: Lifecycle, faults: Faults, random: SimulatedRandom) {
    this.id = id;
    this.lifecycle = lifecycle;
    this.#faults = faults;
    this.#random = random;
  }

  /** Runs that are not down. */
  get live(): number {
    return this.#runs.size;
  }

  async start(signal: AbortSignal): Promise<ServiceRun> {
    this.#faults.starting(this);
    this.#note("start");
    const { clock } = this.#faults;
    if (this.#luck(0.05)) await this.#stuck();
    else if (this.#luck(0.7)) {
      await this.#delay(this.#luck(0.1) ? 30_000 : 400, this.#luck(0.8) ? signal : undefined);
    }
    if (this.#luck(0.3)) {
      this.#note("start failed");
      throw this.#failure();
    }
    const nowMs = clock.monotonicMs();
    const run = this.#run(signal.aborted ? nowMs : null);
    this.#checkAlone(nowMs);
    return run;
  }

  #run(lateAtMs: number | null): ServiceRun {
    const { clock } = this.#faults;
    const facts: RunFacts = { state: "up", waitedForUntilMs: Infinity, lateAtMs };
    this.#runs.add(facts);
    this.#note("up");
    const { promise: ended, resolve } = Promise.withResolvers<Failure | null>();
    const down = (how: string): boolean => {
      if (facts.state === "down") return false;
      facts.state = "down";
      this.#runs.delete(facts);
      this.#note(how);
      return true;
    };
    if (this.#luck(0.6)) {
      const endsAfterMs = this.#random.below(this.#luck(0.5) ? 20_000 : 200);
      clock.timer(endsAfterMs, () => {
        // A fault of the past: once faults have stopped nothing ends by itself.
        if (!this.#faults.active) return;
        const failure = this.#luck(0.8) ? this.#failure() : null;
        if (down(failure === null ? "ended" : `crashed ${failure.retryable === false ? "for good" : ""}`)) {
          resolve(failure);
        }
      }, { background: true });
    }
    return {
      ended,
      stop: async (_reason, force) => {
        this.#faults.check(facts.state !== "stopping", `${this.id} was told to stop twice`);
        const nowMs = clock.monotonicMs();
        this.#faults.check(
          lateAtMs === null || lateAtMs === nowMs,
          `${this.id} came late and was not stopped at once`,
        );
        if (facts.state === "down") return;
        facts.state = "stopping";
        facts.waitedForUntilMs = nowMs + this.lifecycle.stopTimeoutMs + SERVICE_FORCE_MS;
        this.#note("stopping");
        if (this.#luck(0.05)) await this.#stuck();
        else if (this.#luck(0.6)) {
          await this.#delay(this.#luck(0.2) ? 40_000 : 300, this.#luck(0.7) ? force : undefined);
        }
        down("down");
        if (this.#luck(0.1)) throw new Failure("Internal", `${this.id} failed to stop`);
      },
    };
  }

  /** At most one run that came in time, apart from those whose stop takes longer than anyone has to wait. */
  #checkAlone(nowMs: number): void {
    let count = 0;
    for (const { state, waitedForUntilMs, lateAtMs } of this.#runs) {
      if (lateAtMs === null && (state === "up" || waitedForUntilMs > nowMs)) count += 1;
    }
    this.#faults.check(count <= 1, `${this.id} has ${count} runs at once`);
  }

  #luck(p: number): boolean {
    return this.#faults.active && this.#random.chance(p);
  }

  #failure(): Failure {
    if (this.#random.chance(0.15)) {
      return new Failure("Internal", "no use trying again", { retryable: false });
    }
    if (this.#random.chance(0.05)) return new Failure("Canceled", "context canceled");
    return new Failure(this.#random.pick(["Internal", "Unavailable", "Timeout"] as const), "bad luck");
  }

  /** Waits a random time, shorter when the signal is heeded. */
  async #delay(mostMs: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#faults.clock.sleep(this.#random.below(mostMs), signal);
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "Canceled") throw error;
    }
  }

  /** Hangs until long after faults have stopped. */
  #stuck(): Promise<void> {
    this.#note("stuck");
    return this.#faults.clock.sleep(400_000);
  }

  #note(text: string): void {
    this.#faults.note(`${this.id} ${text}`);
  }
}
