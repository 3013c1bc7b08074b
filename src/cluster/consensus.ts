/**
 * The consensus core as one node takes part in it, or reaches it: forming it, keeping it in shape, and having commands applied.
 *
 * A1. A command is applied once, however often it has to be proposed: it carries who proposed it and a serial number.
 * A2. Every wish ends within its time; without a majority it fails with Unavailable.
 * A3. Only the leader changes who takes part, one step at a time.
 */
import { asFailure, Failure, isValueMap, type Value, type ValueMap } from "../core/mod.ts";
import type { ClusterRole, Log, TimerHandle } from "../ports/mod.ts";
import { type Beginning, Bootstrap, peerOf, standingOf } from "./bootstrap.ts";
import { type ClusterMachine, type Command, outcomeOf, packCommand } from "./machine.ts";
import { Estates } from "./estates.ts";
import { LeaderProbe } from "./leader_probe.ts";
import type { Member } from "./member_table.ts";
import { Channel } from "./mesh.ts";
import type { ClusterNetwork } from "./network.ts";
import type { Outcome } from "./pair_table.ts";
import { packRaft, unpackRaft } from "./raft/messages.ts";
import { Raft, type RaftSettings } from "./raft/raft.ts";
import type { RaftStorage } from "./raft/log.ts";
import { CoreShape } from "./core_shape.ts";
import type { CoreLimits } from "./voters.ts";
import { demandItem, packMessage, unpackMessage } from "./wire.ts";
import type { Clock, Random } from "../ports/mod.ts";

/** Settings of the core. */
export interface ConsensusSettings {
  /** Whether this node runs the core's program. */
  readonly isServer: boolean;
  readonly expected: number;
  readonly limits: CoreLimits;
  readonly reconcileDebounceMs: number;
  readonly reconcileTimeoutMs: number;
  readonly leaderProbeMs: number;
  readonly leaderProbeGrace: number;
  readonly raft: RaftSettings;
  readonly stableMs: number;
  /** How long a member that nobody has heard of since this node leads keeps what it holds. */
  readonly unknownMs: number;
}

/** What a consensus is made of. */
export interface ConsensusOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly network: ClusterNetwork;
  readonly machine: ClusterMachine;
  readonly storage: () => RaftStorage;
  readonly settings: ConsensusSettings;
}

/** Is told about leaders. */
export interface LeaderListener {
  /** `leader` is "" when there is none any more. */
  led(leader: string, term: number): void;
}

const LOOK_MS = 200;
const RETRY_MS = 100;
/** Longest that one attempt waits for the leader's answer. */
const ATTEMPT_MS = 3_000;
/** Time between two looks at what those hold that are gone. */
const TEND_MS = 1_000;

/** This node's part in the consensus core. */
export class Consensus {
  readonly #options: ConsensusOptions;
  readonly #bootstrap: Bootstrap;
  readonly #shape: CoreShape;
  readonly #probe: LeaderProbe;
  readonly #estates: Estates;
  readonly #listeners: LeaderListener[] = [];
  readonly #timers = new Set<TimerHandle>();
  readonly #open = new Set<number>();
  #raft: Raft | undefined;
  #serial = 0;
  #leader = "";
  #status = "";
  /** What this life of the node has begun a core with. */
  #begun: Beginning | undefined;
  #isClosed = false;

  constructor(options: ConsensusOptions) {
    this.#options = options;
    this.#bootstrap = new Bootstrap(options.settings.stableMs);
    this.#shape = new CoreShape({
      ...options,
      raft: () => this.#raft,
      peers: () => options.network.members.live().map(peerOf),
    });
    const { clock, log, network: { node, requests }, settings } = options;
    this.#estates = new Estates({
      ...options,
      unknownMs: settings.unknownMs,
      isLeader: () => this.#raft?.role === "leader",
      propose: (command) => this.propose(command),
    });
    this.#probe = new LeaderProbe({
      clock,
      self: node,
      intervalMs: settings.leaderProbeMs,
      grace: settings.leaderProbeGrace,
      leader: () => this.#believed,
      ask: async (leader, timeoutMs) => leaderIn(await requests.ask(leader, "leader", {}, timeoutMs)),
      told: (leader) => this.isMember || this.told(leader),
      changed: (leader, isLost) => {
        if (isLost) log.warn("the leader does not answer", { leader, questions: settings.leaderProbeGrace });
        else log.info("the leader answers again", { leader });
        this.#announce();
      },
    });
  }

  /** Begins to take part. The network must be open. */
  start(): void {
    const { network, settings } = this.#options;
    const { mesh, requests } = network;
    requests.answer("leader", () => ({ leader: this.leader }));
    requests.answer("propose", (body) => this.#proposeHere(body));
    mesh.on(Channel.raft, (from, body) => this.#raft?.receive(from, unpackRaft(unpackMessage(body))));
    // A link that is new may lead to another life of its node, which has only what its storage has kept.
    mesh.listen({ up: (node) => this.#raft?.leadership?.forget(node) });
    network.listen({
      joined: () => this.#shape.soon(),
      updated: () => this.#shape.soon(),
      left: (member) => this.#left(member),
    });
    if (settings.isServer) this.#startRaft();
    this.#describe();
    this.#probe.start();
    this.#every(LOOK_MS, () => this.#look());
    this.#every(TEND_MS, () => this.#estates.tend());
  }

  #startRaft(): void {
    const { clock, log, machine, network, random, settings, storage } = this.#options;
    // A disk that is full or gone takes this member out of the core, not the program down.
    const guard = (fire: () => void) => (): void => {
      try {
        fire();
      } catch (error) {
        log.error("the consensus core failed on this node", { error: asFailure(error).message });
      }
    };
    this.#raft = new Raft({
      id: network.node,
      clock: {
        timer: (delayMs, fire, options) => clock.timer(delayMs, guard(fire), options),
        soon: (fire) => clock.soon(guard(fire)),
        monotonicMs: () => clock.monotonicMs(),
      },
      random: random.stream("cluster.raft"),
      storage: storage(),
      settings: settings.raft,
      machine,
      send: (to, message) => void network.mesh.offer(to, Channel.raft, packMessage(packRaft(message))),
      // Not inside a step of the core.
      changed: () => clock.soon(() => this.#changed()),
    });
    this.#raft.start();
  }

  /** Ends its part. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#shape.close();
    this.#probe.close();
    for (const timer of this.#timers) timer.cancel();
    this.#raft?.close();
  }

  #every(delayMs: number, work: () => void): void {
    const timer = this.#options.clock.timer(delayMs, () => {
      this.#timers.delete(timer);
      if (this.#isClosed) return;
      this.#every(delayMs, work);
      work();
    }, { background: true });
    this.#timers.add(timer);
  }

  // --- What is known ----------------------------------------------------------------------------------------------------

  /** Tells about leaders from now on. */
  listen(listener: LeaderListener): void {
    this.#listeners.push(listener);
  }

  /** This node as a member of the core; undefined on a client. */
  get raft(): Raft | undefined {
    return this.#raft;
  }

  /** The leader, as far as it is known and within reach; "" otherwise. */
  get leader(): string {
    const leader = this.#believed;
    return this.#probe.isLost(leader) ? "" : leader;
  }

  get #believed(): string {
    const raft = this.#raft;
    return raft !== undefined && this.isMember ? raft.leader : this.#leader;
  }

  /** Whether this node is in the core. */
  get isMember(): boolean {
    const config = this.#raft?.config;
    const { node } = this.#options.network;
    return config !== undefined && (config.voters.includes(node) || config.standbys.includes(node));
  }

  get role(): ClusterRole {
    const { node } = this.#options.network;
    if (this.#raft === undefined || !this.isMember) return "non-member";
    if (this.#raft.role === "leader") return "leader";
    return this.#raft.config.voters.includes(node) ? "voter" : "standby";
  }

  /** A node that is no member has been told who leads. */
  told(leader: string): void {
    if (this.#leader === leader) return;
    this.#leader = leader;
    this.#announce();
  }

  #changed(): void {
    if (this.#isClosed) return;
    this.#describe();
    this.#announce();
    if (this.#raft?.role === "leader") this.#shape.soon();
  }

  #announced = "";
  #announce(): void {
    const { leader } = this;
    if (leader === this.#announced) return;
    this.#announced = leader;
    if (leader === this.#options.network.node) this.#estates.leads();
    for (const listener of this.#listeners) listener.led(leader, this.#raft?.term ?? 0);
  }

  /** Tells the others by gossip how far this node is. */
  #describe(): void {
    const { network } = this.#options;
    const { begun: _begun, ...facts } = network.members.self.meta;
    const standing = standingOf(this.#raft, this.#begun);
    if (standing["raft"] === this.#status) return;
    this.#status = standing["raft"]!;
    network.members.describe({ ...facts, ...standing });
  }

  // --- Forming and shaping ----------------------------------------------------------------------------------------------

  #look(): void {
    const raft = this.#raft;
    if (raft === undefined) return;
    this.#describe();
    if (!raft.mayBootstrap) return;
    const { clock, log, network, settings } = this.#options;
    const beginning = this.#bootstrap.look({
      self: network.node,
      expected: settings.expected,
      hasJoinAddresses: network.hasSeeds,
      hasJoined: network.joined,
      peers: network.members.live().map(peerOf),
      limits: settings.limits,
    }, clock.monotonicMs());
    if (beginning === undefined) return;
    const { config } = beginning;
    this.#begun = beginning;
    log.info("the consensus core begins", { voters: [...config.voters], standbys: [...config.standbys] });
    raft.bootstrap(config);
  }

  #left(member: Member): void {
    this.#shape.soon();
    if (member.id === this.#leader) this.told("");
    this.#estates.left(member);
  }

  // --- Commands and reads -----------------------------------------------------------------------------------------------

  /** Has a command applied; resolves with what it gave. */
  async propose(command: Command, timeoutMs = PROPOSE_MS): Promise<Outcome> {
    const serial = ++this.#serial;
    this.#open.add(serial);
    try {
      // The lowest that is open: what came before it will never be proposed again.
      const floor = () => this.#open.values().next().value ?? serial;
      const value = await this.#atLeader("propose", () =>
        packCommand(command, {
          node: this.#options.network.node,
          boot: this.#options.network.members.self.boot,
          serial,
          floor: floor(),
        }), timeoutMs);
      return outcomeOf(value);
    } finally {
      this.#open.delete(serial);
    }
  }

  /** Asks the leader; again, until somebody leads or the time is over. */
  async #atLeader(kind: string, body: () => ValueMap, timeoutMs: number): Promise<Value> {
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + timeoutMs;
    for (;;) {
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0 || this.#isClosed) {
        throw new Failure("Unavailable", "the cluster has no leader now", { retryable: true });
      }
      try {
        return await this.#attempt(kind, body(), Math.min(leftMs, ATTEMPT_MS));
      } catch (error) {
        const { kind } = asFailure(error);
        if (kind !== "Unavailable" && kind !== "Timeout" && kind !== "NotFound") throw error;
      }
      await clock.sleep(Math.min(RETRY_MS, Math.max(1, endMs - clock.monotonicMs())));
    }
  }

  async #attempt(kind: string, body: ValueMap, timeoutMs: number): Promise<Value> {
    const { network } = this.#options;
    const leader = this.leader === "" ? await this.#findLeader() : this.leader;
    if (leader === "") throw new Failure("Unavailable", "no leader is known", { retryable: true });
    if (leader !== network.node) return await network.requests.ask(leader, kind, body, timeoutMs);
    const answer = kind === "propose" ? this.#proposeHere(body) : this.#reads.get(kind)!(body);
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = this.#options.clock.timer(
      timeoutMs,
      () => reject(new Failure("Timeout", "no majority answers")),
      {
        background: true,
      },
    );
    return await Promise.race([answer, promise]).finally(() => timer.cancel());
  }

  #proposeHere(body: ValueMap): Promise<Value> {
    const raft = this.#raft;
    if (raft === undefined) throw new Failure("Unavailable", "not a member of the core", { retryable: true });
    const command = packMessage({ ...body, nowMs: this.#options.clock.nowMs() });
    demandItem(command.length);
    return raft.propose(command);
  }

  /** Asks a member of the core who leads it. */
  async #findLeader(): Promise<string> {
    const { network, random } = this.#options;
    if (this.isMember) return "";
    const members = network.members.live().filter(({ id, meta }) =>
      meta["raft"] === "member" && network.mesh.has(id)
    );
    const asked = members[random.below(Math.max(1, members.length))];
    if (asked === undefined) return "";
    const leader = leaderIn(await network.requests.ask(asked.id, "leader", {}, ATTEMPT_MS));
    if (leader !== "") this.told(leader);
    return leader;
  }

  readonly #reads = new Map<string, (body: ValueMap) => Promise<Value>>();

  /** Answers reads of a kind, at the leader, from what all have agreed on. */
  answerReads(kind: string, answer: (body: ValueMap) => Value): void {
    const read = async (body: ValueMap): Promise<Value> => {
      const raft = this.#raft;
      if (raft === undefined) {
        throw new Failure("Unavailable", "not a member of the core", { retryable: true });
      }
      await raft.readBarrier();
      return answer(body);
    };
    this.#reads.set(kind, read);
    this.#options.network.requests.answer(kind, read);
  }

  /** Reads what is at least as new as anything that was confirmed before. */
  read(kind: string, body: ValueMap, timeoutMs = PROPOSE_MS): Promise<Value> {
    return this.#atLeader(kind, () => body, timeoutMs);
  }
}

/** Longest wait for a command or a read when nobody says otherwise. */
const PROPOSE_MS = 10_000;

function leaderIn(answer: Value): string {
  return isValueMap(answer) ? String(answer["leader"]) : "";
}
