/**
 * Members of a consensus core on virtual time: a network that loses, repeats, delays and cuts, members that crash and come back
 * with what they had stored, and judges that watch every step.
 */
import {
  MemoryStorage,
  packMessage,
  packRaft,
  Raft,
  type RaftConfig,
  type RaftMessage,
  unpackMessage,
  unpackRaft,
} from "../../src/cluster/mod.ts";
import type { Value } from "../../src/core/mod.ts";
import { SimulatedClock, SimulatedRandom } from "../../src/platform/simulated/mod.ts";
import type { Clock, Random, TimerHandle } from "../../src/ports/mod.ts";
import { Trace } from "./world.ts";

const SETTINGS = {
  heartbeatMs: 300,
  electionMs: 300,
  commitMs: 50,
  snapshotEntries: 20,
  snapshotMs: 500,
  trailingEntries: 5,
  appendEntriesMax: 4,
};

/** What is replicated: who was first to take a name. */
class Names {
  readonly holders = new Map<string, string>();
  readonly #applied: (index: number, command: string) => void;

  constructor(applied: (index: number, command: string) => void) {
    this.#applied = applied;
  }

  apply(index: number, command: Uint8Array): Value {
    const text = new TextDecoder().decode(command);
    this.#applied(index, text);
    const [name, holder] = text.split("=") as [string, string];
    if (!this.holders.has(name)) this.holders.set(name, holder);
    return this.holders.get(name) === holder;
  }

  snapshot(): Uint8Array {
    return new TextEncoder().encode(JSON.stringify([...this.holders]));
  }

  restore(data: Uint8Array): void {
    this.holders.clear();
    for (const [name, holder] of JSON.parse(new TextDecoder().decode(data)) as [string, string][]) {
      this.holders.set(name, holder);
    }
  }
}

/** The clock of one member, which can stand still: as when its machine stops the program for a while. */
class MemberClock implements Pick<Clock, "timer" | "soon" | "monotonicMs"> {
  readonly #clock: SimulatedClock;
  #held: (() => void)[] | undefined;

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  /** What is due waits until `resume`. */
  pause(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const fire of held) fire();
  }

  /** Runs it now, or when the member runs again. */
  run(fire: () => void): void {
    if (this.#held === undefined) fire();
    else this.#held.push(fire);
  }

  timer(delayMs: number, fire: () => void): TimerHandle {
    let isCanceled = false;
    const timer = this.#clock.timer(delayMs, () => this.run(() => isCanceled || fire()));
    return {
      cancel: () => {
        isCanceled = true;
        timer.cancel();
      },
    };
  }

  soon(fire: () => void): void {
    this.#clock.soon(() => this.run(fire));
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }
}

interface Member {
  readonly id: string;
  clock: MemberClock;
  storage: MemoryStorage;
  raft: Raft | undefined;
  names: Names;
  /** Disks that it has had: what an earlier one's member has sent does not come after what a later one's sends. */
  disks: number;
}

/** A stage for one seed. */
export class RaftStage {
  readonly clock = new SimulatedClock({ order: undefined });
  readonly trace = new Trace();
  readonly #random: Random;
  readonly #network: Random;
  readonly #members = new Map<string, Member>();
  readonly #leaders = new Map<number, string>();
  readonly #committed = new Map<number, string>();
  /** Names whose holder was told that it is. */
  readonly #held = new Map<string, string>();
  readonly #groups = new Map<string, number>();
  readonly #broken: string[] = [];
  #isFaulty = true;
  #lost: Member | undefined;
  #names = 0;

  constructor(seed: number) {
    const random = new SimulatedRandom(seed);
    this.#random = random.stream("faults");
    this.#network = random.stream("network");
    const count = 1 + this.#random.below(6);
    const voters = Array.from({ length: count }, (_, i) => `n${i + 1}`);
    for (let i = 1; i <= 7; i++) this.#members.set(`n${i}`, this.#create(`n${i}`, random));
    for (const id of voters) this.#members.get(id)!.raft!.bootstrap({ voters, standbys: [] });
  }

  #create(id: string, random: Random): Member {
    const clock = new MemberClock(this.clock);
    const member = {
      id,
      clock,
      storage: new MemoryStorage(),
      raft: undefined,
      names: this.#machine(id),
      disks: 1,
    };
    this.#start(member, random.stream(id));
    return member;
  }

  #machine(id: string): Names {
    return new Names((index, command) => {
      this.trace.note(`${id} applies ${index} ${command}`);
      const known = this.#committed.get(index);
      if (known === undefined) this.#committed.set(index, command);
      else if (known !== command) this.#fail(`${id} applied ${command} at ${index}, others ${known}`);
    });
  }

  #start(member: Member, random: Random): void {
    const { id } = member;
    member.names = this.#machine(id);
    member.clock = new MemberClock(this.clock);
    const raft: Raft = new Raft({
      id,
      clock: member.clock,
      random,
      storage: member.storage,
      settings: SETTINGS,
      machine: member.names,
      snapshotPartBytes: 40,
      send: (to, message) => this.#carry(id, to, message),
      changed: () => this.#judgeLeader(id, raft),
    });
    member.raft = raft;
    raft.start();
  }

  #fail(rule: string): void {
    this.#broken.push(`${rule} (at ${this.clock.elapsedMs} ms)`);
  }

  #judgeLeader(id: string, raft: Raft): void {
    if (raft.role !== "leader") return;
    const known = this.#leaders.get(raft.term);
    if (known === undefined) {
      this.trace.note(`${id} leads term ${raft.term}`);
      this.#leaders.set(raft.term, id);
    } else if (known !== id) this.#fail(`${id} and ${known} both lead term ${raft.term}`);
  }

  // --- The network ------------------------------------------------------------------------------------------------------

  #carry(from: string, to: string, message: RaftMessage): void {
    const random = this.#network;
    const bytes = packMessage(packRaft(message));
    const { disks } = this.#members.get(from)!;
    let copies = 1;
    if (this.#isFaulty) {
      if (this.#isCut(from, to) || random.float() < 0.05) return;
      if (random.float() < 0.03) copies = 2;
    }
    for (let i = 0; i < copies; i++) {
      const isLate = this.#isFaulty && random.float() < 0.03;
      const delay = 1 + random.below(isLate ? 1500 : 20);
      this.clock.timer(delay, () => {
        const { clock, raft } = this.#members.get(to)!;
        if (raft === undefined || this.#isFaulty && this.#isCut(from, to)) return;
        clock.run(() => {
          if (this.#members.get(from)!.disks === disks) raft.receive(from, unpackRaft(unpackMessage(bytes)));
        });
      });
    }
  }

  #isCut(from: string, to: string): boolean {
    return (this.#groups.get(from) ?? 0) !== (this.#groups.get(to) ?? 0);
  }

  // --- Faults and work --------------------------------------------------------------------------------------------------

  /** Lets things go wrong for a while, with clients at work. */
  async suffer(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      this.#act();
      await this.clock.advance(this.#random.below(120));
    }
  }

  #act(): void {
    const members = [...this.#members.values()];
    const member = members[this.#random.below(members.length)]!;
    const dice = this.#random.below(100);
    if (dice < 6) this.#crash(member);
    else if (dice < 18) this.#revive(member);
    else if (dice < 22) { for (const { id } of members) this.#groups.set(id, this.#random.below(2)); }
    else if (dice < 28) this.#groups.clear();
    else if (dice < 34) this.#reconfigure();
    else if (dice < 38) this.#pause();
    else if (dice < 42) this.#loseDisk();
    else if (dice < 50) this.#read();
    else this.#take();
  }

  #crash(member: Member): void {
    if (member.raft === undefined) return;
    this.trace.note(`${member.id} crashes`);
    member.raft.close();
    member.raft = undefined;
  }

  #revive(member: Member): void {
    if (member.raft !== undefined) return;
    this.trace.note(`${member.id} comes back`);
    this.#start(member, new SimulatedRandom(`${member.id} ${this.clock.elapsedMs}`));
  }

  /** A follower comes back with an empty disk: never two before the first is up to date, nor one of a core that small. */
  #loseDisk(): void {
    const leader = this.#leading().toSorted((a, b) => b.raft!.term - a.raft!.term)[0]?.raft;
    if (leader === undefined || leader.commitIndex < leader.log.lastIndex || this.#isMissingMemory()) return;
    const ids = leader.config.voters.filter((id) => id !== leader.leader);
    if (ids.length < 2) return;
    const member = this.#members.get(ids[this.#random.below(ids.length)]!)!;
    this.#crash(member);
    this.trace.note(`${member.id} loses its disk`);
    this.#lost = member;
    member.storage = new MemoryStorage();
    member.disks += 1;
    this.#revive(member);
    for (const { raft } of this.#members.values()) raft?.leadership?.forget(member.id);
  }

  #isMissingMemory(): boolean {
    return this.#lost?.storage.load().mayVote === false;
  }

  /** A leader stands still for a while; the first that happens to it then is a read. */
  #pause(): void {
    for (const member of this.#leading()) {
      const { clock, raft } = member;
      this.trace.note(`${member.id} stands still`);
      clock.pause();
      this.clock.timer(this.#random.below(2_500), () => {
        if (member.raft === raft) this.#readAt(member);
        clock.resume();
      });
    }
  }

  #leading(): Member[] {
    return [...this.#members.values()].filter(({ raft }) => raft?.role === "leader");
  }

  #reconfigure(): void {
    if (this.#isMissingMemory()) return;
    for (const { raft } of this.#leading()) {
      const next = this.#altered(raft!.config);
      raft!.changeConfig(next).then(() => this.trace.note(`config ${JSON.stringify(next)}`), () => {});
    }
  }

  #altered({ voters, standbys }: RaftConfig): RaftConfig {
    const id = `n${1 + this.#random.below(this.#members.size)}`;
    if (voters.includes(id)) {
      const rest = voters.filter((voter) => voter !== id);
      if (rest.length === 0) return { voters, standbys };
      return { voters: rest, standbys: this.#random.below(2) === 0 ? [...standbys, id] : standbys };
    }
    if (standbys.includes(id)) {
      return { voters: [...voters, id], standbys: standbys.filter((standby) => standby !== id) };
    }
    return { voters, standbys: [...standbys, id] };
  }

  /** Several clients want the same few names; those who are told that they hold one must be the only ones. */
  #take(): void {
    const isNew = this.#random.below(3) > 0;
    const name = `name${isNew ? ++this.#names : this.#random.below(this.#names + 1)}`;
    for (const { id, raft } of this.#leading()) {
      const holder = `${id}-${this.clock.elapsedMs}-${this.#random.below(1000)}`;
      raft!.propose(new TextEncoder().encode(`${name}=${holder}`)).then((isHolder) => {
        if (isHolder !== true) return;
        const known = this.#held.get(name);
        if (known !== undefined) this.#fail(`${name} is held by ${known} and ${holder}`);
        this.#held.set(name, holder);
      }, () => {});
    }
  }

  #read(): void {
    for (const member of this.#leading()) this.#readAt(member);
  }

  /** A read sees everything that was confirmed before it began. */
  #readAt({ id, names, raft }: Member): void {
    const before = [...this.#held];
    raft!.readBarrier().then(() => {
      for (const [name, holder] of before) {
        if (names.holders.get(name) !== holder) this.#fail(`${id} answered a read without ${name}=${holder}`);
      }
    }, () => {});
  }

  // --- The end ----------------------------------------------------------------------------------------------------------

  /** Faults stop: the core must agree, work, and know all that was confirmed. */
  async recover(): Promise<void> {
    this.#isFaulty = false;
    this.#groups.clear();
    for (const member of this.#members.values()) this.#revive(member);
    await this.clock.advance(20_000);
    const [leader, ...more] = this.#leading();
    if (leader === undefined || more.length > 0) {
      return this.#fail(`${more.length + (leader === undefined ? 0 : 1)} leaders after recovery`);
    }
    let isDone = false;
    void leader.raft!.propose(new TextEncoder().encode("last=last")).then((ok) => isDone = ok === true);
    await this.clock.advance(2_000);
    if (!isDone) this.#fail("nothing can be committed after recovery");
    const { voters, standbys } = leader.raft!.config;
    for (const id of [...voters, ...standbys]) {
      const { names, raft } = this.#members.get(id)!;
      if (raft!.appliedIndex !== leader.raft!.appliedIndex) this.#fail(`${id} did not catch up`);
      for (const [name, holder] of this.#held) {
        if (names.holders.get(name) !== holder) this.#fail(`${id} lost ${name}=${holder}`);
      }
    }
    for (const { raft } of this.#members.values()) raft?.close();
  }

  /** Throws when a rule was broken. */
  assertRules(): void {
    if (this.#broken.length === 0) return;
    throw new Error([...this.#broken.slice(0, 5), "", ...this.trace.tail].join("\n"));
  }

  /** Names that were taken, to tell that something happened at all. */
  get confirmed(): number {
    return this.#held.size;
  }
}
