/**
 * Starts, watches, restarts and stops services, each after those it needs.
 *
 * Owns the set of services, their order and what is told about them. The life of one service belongs to `ServiceLife`.
 *
 * V1. A service starts only while every service it needs runs or has ended cleanly; services that need each other are not
 *     ordered (`DependencyGraph`).
 * V2. At shutdown a service stops only after all that need it have stopped.
 * V3. The newest life of a service begins after the one before it is over: there are never two.
 * V4. Every change of a status is one bus event `service.update` and one log line, in the order in which it happened.
 */
import { Failure, STARTS_AT_ONCE_DEFAULT } from "../core/mod.ts";
import type {
  Bus,
  Clock,
  Lifecycle,
  Log,
  Random,
  Service,
  ServiceRegistry,
  ServiceState,
  ServiceStatus,
} from "../ports/mod.ts";
import { DependencyGraph } from "./dependency_graph.ts";
import { type LifeOwner, ServiceLife } from "./service_life.ts";
import { type EndTurn, StartTurns } from "./start_turns.ts";
import { isSatisfied, newService, startFailure, stopOrder, type Supervised } from "./supervised.ts";

/** What a supervisor is made of. */
export interface SupervisorOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly bus: Bus;
  /** How many services may be starting at the same time. */
  readonly startsAtOnceMax?: number;
}

/** A change of what a waiting service looks at. */
type Wake = () => void;

/** The supervisor of a node. */
export class Supervisor implements ServiceRegistry {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #bus: Bus;
  readonly #owner: LifeOwner;
  readonly #turns: StartTurns;
  readonly #services = new Map<string, Supervised>();
  /** Who waits for a change of a service, by its id. */
  readonly #waiting = new Map<string, Set<Wake>>();
  #graph: DependencyGraph | undefined;
  #phase: "idle" | "running" | "stopping" = "idle";

  constructor(options: SupervisorOptions) {
    this.#clock = options.clock;
    this.#log = options.log.named("core");
    this.#bus = options.bus;
    this.#turns = new StartTurns(options.startsAtOnceMax ?? STARTS_AT_ONCE_DEFAULT);
    const isRetrying = (): boolean => this.#phase !== "stopping";
    this.#owner = {
      clock: options.clock,
      random: options.random.stream("supervisor"),
      get retries() {
        return isRetrying();
      },
      turn: (life, stopped) => this.#turn(life.subject as Supervised, life, stopped),
      changed: (life, status, details, failure) =>
        this.#changed(life.subject as Supervised, status, details, failure),
      warn: (id, message, failure) => this.#warn(id, message, failure),
    };
  }

  // --- Registration -----------------------------------------------------------------------------------------------------

  /**
   * Adds or replaces a service; a running one is stopped first. While the supervisor runs, an `autoStart` service is started,
   * and so is a new one that another waits for. This resolves when its first attempt has come to something: failing is not a
   * reason to reject.
   */
  async register(
    id: string,
    service: Service,
    lifecycle: Lifecycle,
    references: readonly string[],
  ): Promise<void> {
    const requires = [...lifecycle.requires, ...references].filter((other) => other !== id);
    const existing = this.#services.get(id);
    const supervised = existing ?? newService(id, service, lifecycle, this.#clock.nowMs());
    const wanted = lifecycle.autoStart || existing?.desired === "running" && !existing.removed;
    Object.assign(supervised, { service, lifecycle, requires, removed: false });
    this.#services.set(id, supervised);
    this.#graph = undefined;
    this.#tell("service.register", id);
    if (existing !== undefined) await this.#end(existing);
    if (this.#phase !== "running" || supervised.removed) return;
    if (!wanted && !(existing === undefined && this.#isAwaited(id))) return;
    await this.#want(supervised).outcome;
  }

  /** Stops a service and forgets it; an unknown id is fine. */
  async remove(id: string): Promise<void> {
    const supervised = this.#services.get(id);
    if (supervised === undefined) return;
    supervised.removed = true;
    // From now on nobody waits for it.
    this.#graph = undefined;
    this.#wake(id);
    await this.#end(supervised);
    // Registered again while it was stopping.
    if (!supervised.removed || this.#services.get(id) !== supervised) return;
    this.#services.delete(id);
    this.#tell("service.remove", id);
  }

  // --- Starting and stopping --------------------------------------------------------------------------------------------

  /**
   * Starts a service and what it needs. Resolves once it runs; rejects with what keeps it from running, though it may be
   * retried. Fails with NotFound when there is no such service, with Unavailable while everything stops.
   */
  async start(id: string): Promise<void> {
    const supervised = this.#known(id);
    if (this.#phase === "stopping") throw new Failure("Unavailable", "the supervisor is stopping");
    const life = this.#want(supervised);
    life.retryNow();
    const failure = await life.outcome;
    if (failure !== null) throw failure;
  }

  /** Stops a service, not those that need it. Resolves when it has stopped; a service that does not run is fine. */
  async stop(id: string): Promise<void> {
    await this.#end(this.#known(id));
  }

  /**
   * Starts every `autoStart` service, as far as possible at once, and from now on services as they are registered.
   * Resolves when each has come to something; rejects with the failure of the first required one that failed.
   */
  async startAll(): Promise<void> {
    if (this.#phase === "running") return;
    this.#phase = "running";
    if (this.#services.size === 0) return;
    for (const circle of this.#dependencyGraph().circles) {
      this.#log.warn("services need each other, their order is not kept", { services: [...circle] });
    }
    for (const supervised of this.#sorted()) {
      if (supervised.lifecycle.autoStart && !supervised.removed) this.#want(supervised);
    }
    // Also those that were begun because others need them.
    const started = this.#sorted().filter(({ desired }) => desired === "running").map((supervised) => ({
      supervised,
      outcome: supervised.life!.outcome,
    }));
    let first: Failure | undefined;
    for (const { supervised, outcome } of started) {
      const failure = await outcome;
      // One that waits for another is not the cause; the other is, if it is required.
      if (failure === null || supervised.blocked !== null || this.#phase !== "running") continue;
      if (supervised.lifecycle.startup === "required") first ??= startFailure(supervised.id, failure);
    }
    if (first !== undefined) throw first;
  }

  /** Stops everything, those that need others first. Nothing starts any more. */
  async stopAll(): Promise<void> {
    if (this.#services.size === 0) {
      this.#phase = "idle";
      return;
    }
    this.#phase = "stopping";
    const graph = this.#dependencyGraph();
    const ends = new Map<string, Promise<void>>();
    // Dependents come before their dependencies, so that each finds its dependents' promises made.
    for (const id of stopOrder(graph, this.#services.keys())) {
      const before = graph.dependents(id).map((dependent) => ends.get(dependent));
      const supervised = this.#services.get(id)!;
      // Told at once, so that nothing is retried or begun while others stop.
      if (supervised.status !== "running") ends.set(id, this.#end(supervised));
      else ends.set(id, Promise.all(before).then(() => this.#end(supervised)));
    }
    await Promise.all(ends.values());
    this.#phase = "idle";
  }

  // --- State ------------------------------------------------------------------------------------------------------------

  state(id: string): ServiceState | undefined {
    const supervised = this.#services.get(id);
    return supervised === undefined ? undefined : this.#stateOf(supervised);
  }

  states(): ServiceState[] {
    return this.#sorted().map((supervised) => this.#stateOf(supervised));
  }

  // --- What lives need --------------------------------------------------------------------------------------------------

  /** Waits until what a service needs runs and it is its turn; see `LifeOwner.turn`. */
  async #turn(
    supervised: Supervised,
    life: ServiceLife,
    stopped: AbortSignal,
  ): Promise<EndTurn | undefined> {
    while (!stopped.aborted) {
      const missing = this.#missing(supervised);
      if (missing.length === 0) {
        this.#block(supervised, null);
        const turn = this.#turns.take() ?? await this.#turns.wait(stopped);
        // What it needs may have ended while it waited.
        if (turn === undefined || this.#missing(supervised).length === 0) return turn;
        turn();
        continue;
      }
      const hopeless = missing.find((other) => !this.#mayComeSoon(other));
      if (hopeless === undefined) this.#block(supervised, null);
      else {
        const text = `${supervised.id} needs ${hopeless.id}, which is ${
          hopeless.blocked === null ? hopeless.status : "waiting"
        }`;
        const failure = new Failure("Unavailable", text, { details: { service: hopeless.id } });
        this.#block(supervised, failure);
        life.blocked(failure);
      }
      await this.#change(missing.map(({ id }) => id), stopped);
    }
    return undefined;
  }

  #changed(supervised: Supervised, status: ServiceStatus, details: string, failure: Failure | null): void {
    const nowMs = this.#clock.nowMs();
    Object.assign(supervised, { status, details, failure, lastUpdateMs: nowMs });
    if (status === "running") supervised.startedAtMs = nowMs;
    const { id } = supervised;
    const reason: Record<string, string> = failure !== null
      ? { error: failure.message }
      : details === ""
      ? {}
      : { details };
    const fields = { serviceID: id, status, ...reason };
    const message = `service ${id} is ${status}`;
    if (failure !== null) this.#log.error(message, fields);
    else if (status === "starting" || status === "stopping") this.#log.debug(message, fields);
    else this.#log.info(message, fields);
    this.#tell("service.update", id, { status, details, ...reason });
    this.#wake(id);
  }

  #warn(id: string, message: string, failure: Failure | null): void {
    this.#log.warn(`service ${id} ${message}`, {
      serviceID: id,
      ...(failure === null ? {} : { error: failure.message }),
    });
  }

  // --- Inside -----------------------------------------------------------------------------------------------------------

  #known(id: string): Supervised {
    const supervised = this.#services.get(id);
    if (supervised === undefined || supervised.removed) {
      throw new Failure("NotFound", `service not found: ${id}`, { retryable: false });
    }
    return supervised;
  }

  /** True when a service that is to run needs it. */
  #isAwaited(id: string): boolean {
    return this.#dependencyGraph().dependents(id).some((other) =>
      this.#services.get(other)!.desired === "running"
    );
  }

  #sorted(): Supervised[] {
    return [...this.#services.values()].sort((a, b) => a.id < b.id ? -1 : 1);
  }

  /** The life of a service that is to run: the current one, or a new one. Begins what it needs, too. */
  #want(supervised: Supervised): ServiceLife {
    const current = supervised.life;
    supervised.desired = "running";
    if (current !== null && !current.isStopping && !current.isOver) return current;
    const life = new ServiceLife(supervised, this.#owner);
    supervised.life = life;
    supervised.blocked = null;
    for (const id of this.#dependencyGraph().dependencies(supervised.id)) {
      const needed = this.#services.get(id)!;
      if (needed.desired === "stopped" && !needed.removed) this.#want(needed);
    }
    this.#tell("service.start", supervised.id);
    life.begin(current);
    return life;
  }

  #end(supervised: Supervised): Promise<void> {
    const { id, life } = supervised;
    supervised.desired = "stopped";
    if (life === null) return Promise.resolve();
    if (!life.isOver && !life.isStopping) this.#tell("service.stop", id);
    return life.stop();
  }

  #dependencyGraph(): DependencyGraph {
    return this.#graph ??= new DependencyGraph(
      [...this.#services.values()].filter(({ removed }) => !removed),
    );
  }

  /** Services that `supervised` needs and that do not run. */
  #missing(supervised: Supervised): Supervised[] {
    return this.#dependencyGraph().dependencies(supervised.id)
      .map((id) => this.#services.get(id)!)
      .filter((needed) => !isSatisfied(needed));
  }

  /** False when nothing under way will make it run: it failed, was stopped, or waits for one that did. */
  #mayComeSoon({ life, blocked }: Supervised): boolean {
    return life !== null && !life.isOver && !life.isStopping && !life.isFailing && blocked === null;
  }

  #block(supervised: Supervised, failure: Failure | null): void {
    const changed = (supervised.blocked === null) !== (failure === null);
    supervised.blocked = failure;
    if (changed) this.#wake(supervised.id);
  }

  /** Resolves at the next change of one of `ids`, or when `stopped` aborts. */
  #change(ids: readonly string[], stopped: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake: Wake = () => {
      for (const id of ids) {
        const waiting = this.#waiting.get(id);
        waiting?.delete(wake);
        if (waiting?.size === 0) this.#waiting.delete(id);
      }
      stopped.removeEventListener("abort", wake);
      resolve();
    };
    for (const id of ids) {
      const waiting = this.#waiting.get(id);
      if (waiting === undefined) this.#waiting.set(id, new Set([wake]));
      else waiting.add(wake);
    }
    stopped.addEventListener("abort", wake);
    return promise;
  }

  #wake(id: string): void {
    for (const wake of [...this.#waiting.get(id) ?? []]) wake();
  }

  #tell(kind: string, path: string, data?: Record<string, string>): void {
    this.#bus.send(
      data === undefined ? { system: "supervisor", kind, path } : { system: "supervisor", kind, path, data },
    );
  }

  #stateOf(supervised: Supervised): ServiceState {
    const { id, status, desired, life, lastUpdateMs, startedAtMs, lifecycle } = supervised;
    const details = life?.details ?? supervised.details;
    const since = status === "running" ? life?.runningSinceMs ?? null : null;
    const stable = since !== null && this.#clock.monotonicMs() - since >= lifecycle.stableThresholdMs;
    const retryCount = stable ? 0 : life?.retryCount ?? 0;
    const restarts = life?.restarts ?? 0;
    return { id, status, desired, retryCount, restarts, lastUpdateMs, startedAtMs, details };
  }
}
