/**
 * Names of the whole cluster, as the processes of one node use them.
 *
 * H1. CONSISTENT and STRONG names have one holder: the core decides who. A STRONG name becomes active only after every live node has
 *     agreed that it has no other use for it.
 * H2. A process of this node that has ended holds nothing: its node tells the core until the core knows.
 * H3. A process that lost a name without having given it up is told, once.
 */
import { asFailure, Failure, isValueMap, parsePid, type Value } from "../core/mod.ts";
import type { Clock, ClusterLocks, ClusterNames, Log } from "../ports/mod.ts";
import type { Consensus } from "./consensus.ts";
import { alreadyRegistered, EventualNames } from "./eventual_names.ts";
import type { ClusterMachine, NameHolder } from "./machine.ts";
import { HeldLocks } from "./held_locks.ts";
import { NameView } from "./name_view.ts";
import type { ClusterNetwork } from "./network.ts";
import type { NodeChannels } from "./node_channels.ts";

/** The processes of this node. */
export interface LocalProcesses {
  isAlive(pid: string): boolean;
  /** Tells a process, wherever it is, that it has lost a name. */
  revoked(name: string, pid: string): void;
  /** Tells a process of this node that it has lost a lock. */
  lockLost(name: string, pid: string): void;
  /** The pid that has a name on this node alone. */
  localName(name: string): string | undefined;
}

/** What the names are made of. */
export interface SharedNamesOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly network: ClusterNetwork;
  readonly channels: NodeChannels;
  readonly consensus: Consensus;
  readonly machine: ClusterMachine;
  readonly processes: LocalProcesses;
}

const EVENTUAL = 1;
const CONSISTENT = 2;
const STRONG = 3;
/** Longest wait for all nodes to agree to a STRONG name. */
export const AGREE_MS = 10_000;
const AGREE_RETRY_MS = 200;
/** How long a node keeps its word for a STRONG name that nobody brings to an end. */
const PROMISE_MS = 2 * AGREE_MS;
const RELEASE_RETRY_MS = 500;
const LOCKS = "_sys";
/** Longest wait for this node to learn what was decided elsewhere, and the time between two looks. */
const SEEN_MS = 1_000;
const SEEN_STEP_MS = 5;

/** The names, and the locks, which are released like them. */
export class SharedNames implements ClusterNames, ClusterLocks {
  readonly #options: SharedNamesOptions;
  readonly #eventual: EventualNames;
  readonly #view: NameView;
  readonly #locks: HeldLocks;
  /** Names of processes of this node that the core knows. */
  readonly #mine = new Map<string, string>();
  /** Processes of this node that hold a name or a lock, or want one. */
  readonly #holding = new Set<string>();
  readonly #promises = new Map<string, { pid: string; untilMs: number }>();
  #wasLed = false;
  #isClosed = false;

  constructor(options: SharedNamesOptions) {
    this.#options = options;
    const { channels, clock, consensus, log, machine, network, processes } = options;
    this.#eventual = new EventualNames({
      node: network.node,
      clock,
      open: (listener) => channels.open("names", listener),
      revoked: processes.revoked,
    });
    this.#view = new NameView({
      ...options,
      node: network.node,
      open: (listener) => channels.open("holders", listener),
      changed: (name, holder) => this.#changed(name, holder),
    });
    this.#locks = new HeldLocks({
      clock,
      log,
      ask: (names) => consensus.read("locks", { names: [...names] }),
      lost: (name, pid) => processes.isAlive(pid) && processes.lockLost(name, pid),
    });
    consensus.answerReads("locks", ({ names }) => lockHolders(machine, names));
    network.listen({ left: ({ id }) => this.#eventual.left(id) });
    network.mesh.listen({ up: () => this.#locks.doubt() });
    consensus.listen({
      led: (leader) => {
        this.#wasLed ||= leader !== "";
        if (leader !== "") this.#locks.doubt();
      },
    });
    network.requests.answer("agree", (body) => this.#agree(String(body["name"]), String(body["pid"])));
  }

  /** Ends what it waits for. */
  close(): void {
    this.#isClosed = true;
    this.#view.close();
    this.#locks.close();
    this.#eventual.close();
  }

  // --- Names ------------------------------------------------------------------------------------------------------------

  lookup(name: string, scope?: "eventual" | "singleton"): string | undefined {
    const holder = scope === "eventual" ? undefined : this.#view.holder(name);
    if (holder?.isActive) return holder.pid;
    return scope === "singleton" ? undefined : this.#eventual.lookup(name);
  }

  isPromised(name: string, pid: string): boolean {
    const promise = this.#promises.get(name);
    if (promise === undefined || promise.pid === pid) return false;
    if (promise.untilMs > this.#options.clock.monotonicMs()) return true;
    this.#promises.delete(name);
    return false;
  }

  async register(name: string, pid: string, scope: number): Promise<void> {
    this.#demandReady(scope);
    if (scope === EVENTUAL) {
      const holder = this.lookup(name, "singleton");
      if (holder !== undefined && holder !== pid) throw alreadyRegistered(name, holder);
      return this.#eventual.register(name, pid);
    }
    const { network } = this.#options;
    const boot = this.#bootOf(pid);
    const before = this.#view.holder(name);
    const wasActive = before?.isActive === true && before.pid === pid;
    this.#note(pid);
    const outcome = await this.#options.consensus.propose({
      kind: "hold",
      name,
      pid,
      boot,
      scope,
      isActive: scope === CONSISTENT,
      by: network.node,
    });
    if (!outcome.ok) throw alreadyRegistered(name, outcome.pid ?? "");
    const isStrong = wasActive && before.scope === STRONG;
    if (scope === STRONG && !isStrong) await this.#makeStrong(name, pid, wasActive);
    await this.#seen(name, pid);
  }

  #demandReady(scope: number): void {
    const { consensus, network } = this.#options;
    const isReady = network.joined && (scope === EVENTUAL || this.#wasLed || consensus.leader !== "");
    if (isReady) return;
    throw new Failure("Unavailable", "name service not ready: join-epoch barrier in progress", {
      retryable: true,
    });
  }

  /** A registration that has succeeded can be looked up here at once, whoever decided it. */
  async #seen(name: string, pid: string): Promise<void> {
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + SEEN_MS;
    while (this.lookup(name, "singleton") !== pid && clock.monotonicMs() < endMs) {
      await clock.sleep(SEEN_STEP_MS);
    }
  }

  /** The life of the node of a pid. Fails with NotFound when it is no member. */
  #bootOf(pid: string): number {
    const { members, node } = this.#options.network;
    const id = parsePid(pid)?.node ?? "";
    const member = id === "" || id === node ? members.self : members.get(id);
    if (member === undefined) throw new Failure("NotFound", `node not found: ${id}`, { retryable: false });
    return member.boot;
  }

  async unregister(name: string, scope: number, ownerPid: string): Promise<boolean> {
    if (scope === EVENTUAL) return this.#eventual.unregister(name);
    const holder = this.#view.holder(name);
    if (holder?.pid !== ownerPid || holder.scope !== scope) return false;
    this.#mine.delete(name);
    const { ok } = await this.#options.consensus.propose({ kind: "release", name, pid: ownerPid, scope });
    return ok;
  }

  // --- STRONG -----------------------------------------------------------------------------------------------------------

  async #makeStrong(name: string, pid: string, wasActive: boolean): Promise<void> {
    const { consensus } = this.#options;
    try {
      await this.#agreeEverywhere(name, pid);
      const outcome = await consensus.propose({ kind: "activate", name, pid });
      if (!outcome.ok) {
        throw new Failure("Unavailable", `the registration of ${name} was lost`, { retryable: true });
      }
    } catch (error) {
      if (!wasActive) {
        this.#mine.delete(name);
        await consensus.propose({ kind: "release", name, pid, scope: STRONG }).catch(() => {});
      }
      throw error;
    }
  }

  /** Asks every live node until each has agreed, one refuses, or the time is over. */
  async #agreeEverywhere(name: string, pid: string): Promise<void> {
    const { clock, network } = this.#options;
    const endMs = clock.monotonicMs() + AGREE_MS;
    const agreed = new Set<string>();
    for (;;) {
      const missing = network.members.live().map(({ id }) => id).filter((id) => !agreed.has(id));
      if (missing.length === 0) return;
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0) throw missingNodes(name, missing.sort());
      await Promise.all(missing.map(async (id) => {
        if (await this.#askToAgree(id, name, pid, leftMs)) agreed.add(id);
      }));
      if (network.members.live().some(({ id }) => !agreed.has(id))) {
        await clock.sleep(Math.max(1, Math.min(AGREE_RETRY_MS, endMs - clock.monotonicMs())));
      }
    }
  }

  async #askToAgree(id: string, name: string, pid: string, timeoutMs: number): Promise<boolean> {
    const { network } = this.#options;
    try {
      const answer = id === network.node
        ? this.#agree(name, pid)
        : await network.requests.ask(id, "agree", { name, pid }, timeoutMs);
      const rival = isValueMap(answer) ? String(answer["rival"] ?? "") : "";
      if (rival !== "") throw alreadyRegistered(name, rival);
      return true;
    } catch (error) {
      if (asFailure(error).kind === "AlreadyExists") throw error;
      return false;
    }
  }

  /** Another node wants a STRONG name: says who has it here, or promises to give it to nobody else. */
  #agree(name: string, pid: string): { rival: string } {
    const { clock, processes } = this.#options;
    const rival = [processes.localName(name), this.#eventual.lookup(name)].find((known) =>
      known !== undefined && known !== pid
    );
    if (rival !== undefined) return { rival };
    this.#promises.set(name, { pid, untilMs: clock.monotonicMs() + PROMISE_MS });
    return { rival: "" };
  }

  // --- Holders of this node ---------------------------------------------------------------------------------------------

  #isHere(pid: string): boolean {
    const { network } = this.#options;
    return parsePid(pid)?.node === network.node;
  }

  #note(pid: string): void {
    if (this.#isHere(pid)) this.#holding.add(pid);
  }

  #changed(name: string, holder: NameHolder | undefined): void {
    if (holder === undefined || holder.isActive) this.#promises.delete(name);
    const { network, processes } = this.#options;
    const mine = this.#mine.get(name);
    if (mine !== undefined && holder?.pid !== mine) {
      this.#mine.delete(name);
      if (processes.isAlive(mine)) processes.revoked(name, mine);
    }
    if (holder === undefined || !this.#isHere(holder.pid) || holder.boot !== network.members.self.boot) {
      return;
    }
    this.#note(holder.pid);
    if (!processes.isAlive(holder.pid)) this.released(holder.pid);
    else if (holder.isActive) this.#mine.set(name, holder.pid);
  }

  released(pid: string): void {
    if (!this.#holding.delete(pid)) return;
    this.#locks.ended(pid);
    for (const [name, holder] of this.#mine) if (holder === pid) this.#mine.delete(name);
    void this.#release(pid);
  }

  async #release(pid: string): Promise<void> {
    const { clock, consensus, log, network } = this.#options;
    while (!this.#isClosed) {
      try {
        await consensus.propose({ kind: "ended", pid, boot: network.members.self.boot });
        return;
      } catch (error) {
        log.debug("names of an ended process can't be released yet", {
          pid,
          error: asFailure(error).message,
        });
      }
      await clock.sleep(RELEASE_RETRY_MS);
    }
  }

  // --- Locks ------------------------------------------------------------------------------------------------------------

  async acquire(name: string, pid: string): Promise<boolean> {
    this.#note(pid);
    const { ok } = await this.#options.consensus.propose({
      kind: "put",
      namespace: LOCKS,
      key: `lock:${name}`,
      value: new TextEncoder().encode(pid),
      ttlMs: 0,
      onlyIfAbsent: true,
      ifVersion: "",
      owner: pid,
      boot: this.#bootOf(pid),
    });
    if (ok) this.#locks.add(name, pid);
    // It may have ended while it waited.
    if (ok && !this.#options.processes.isAlive(pid)) {
      this.#note(pid);
      this.released(pid);
    }
    return ok;
  }

  async release(name: string, pid: string): Promise<boolean> {
    this.#locks.delete(name, pid);
    const command = { kind: "delete", namespace: LOCKS, key: `lock:${name}`, owner: pid } as const;
    return (await this.#options.consensus.propose(command)).ok;
  }
}

function missingNodes(name: string, nodes: readonly string[]): Failure {
  return new Failure(
    "Timeout",
    `name reservation for ${name} expired: no acknowledgement from ${nodes.join(", ")}`,
    { retryable: true, details: { name, missing: nodes } },
  );
}

/** Who holds each of these locks, in their order; "" for none. */
function lockHolders({ pairs }: ClusterMachine, names: Value): string[] {
  return Array.isArray(names) ? names.map((name) => pairs.ownerOf(LOCKS, `lock:${String(name)}`)) : [];
}
