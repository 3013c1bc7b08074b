/** Membership under lost, late and cut messages, crashes and new lives of nodes: what each node believes of all others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isLive,
  type Member,
  type MemberRecord,
  Membership,
  packMessage,
  unpackMessage,
} from "../../src/cluster/mod.ts";
import type { ValueMap } from "../../src/core/mod.ts";
import { SimulatedClock, SimulatedRandom } from "../../src/platform/simulated/mod.ts";
import type { NodeAddress, Random } from "../../src/ports/mod.ts";
import { runSeeds, SEEDS_TIMEOUT_MS } from "./seeds.ts";
import { MemoryLog, Trace } from "./world.ts";

interface Node {
  readonly id: string;
  readonly address: NodeAddress;
  membership: Membership | undefined;
  /** Who is there, by what joined and left said. */
  believed: Map<string, number>;
}

const SETTINGS = {
  gossipMs: 200,
  pushPullMs: 2_000,
  reclaimMs: 10_000,
  probeMs: 500,
  probeTimeoutMs: 100,
  streamTimeoutMs: 300,
  suspicionFactor: 4,
};

class Stage {
  readonly clock = new SimulatedClock();
  readonly trace = new Trace();
  readonly nodes: Node[] = [];
  readonly broken: string[] = [];
  readonly #random: Random;
  readonly #network: Random;
  readonly #groups = new Map<string, number>();
  isFaulty = true;
  deaths = 0;

  constructor(seed: number, count: number) {
    const random = new SimulatedRandom(seed);
    this.#random = random.stream("faults");
    this.#network = random.stream("network");
    for (let i = 1; i <= count; i++) {
      this.nodes.push({
        id: `n${i}`,
        address: { host: "sim", port: i },
        membership: undefined,
        believed: new Map(),
      });
    }
  }

  start(node: Node): void {
    const boot = this.clock.nowMs();
    const self: MemberRecord = {
      id: node.id,
      address: node.address,
      meta: {},
      incarnation: boot,
      boot,
      state: "alive",
    };
    node.believed = new Map();
    const told = (what: string, { id, boot }: Member, is: boolean): void => {
      this.trace.note(`${node.id}: ${id} ${what}`);
      if (node.believed.has(id) === is) this.broken.push(`${node.id} was told twice that ${id} ${what}`);
      if (is) node.believed.set(id, boot);
      else node.believed.delete(id);
      if (!is) this.deaths += 1;
    };
    const membership = new Membership({
      clock: this.clock,
      random: this.#random.stream(`${node.id} ${boot}`),
      log: new MemoryLog(() => this.clock.nowMs()),
      self,
      settings: { ...SETTINGS, joinAddresses: node === this.nodes[0] ? [] : [this.nodes[0]!.address] },
      events: {
        joined: (member) => told("joined", member, true),
        left: (member) => told("left", member, false),
        updated: () => {},
        conflict: () => this.broken.push(`${node.id} sees another of its name`),
      },
      transport: {
        send: (address, message) => this.#carry(node, address, message, (to, copy) => to.receive(copy)),
        exchange: (address, message, timeoutMs) =>
          new Promise((resolve, reject) => {
            this.clock.timer(timeoutMs, () => reject(new Error("late")), { background: true });
            this.#carry(node, address, message, (to, copy, target) => {
              const answer = to.answer(copy);
              this.#carry(target, node.address, answer, (_, copy) => resolve(copy));
            });
          }),
      },
    });
    node.membership = membership;
    membership.start();
  }

  #carry(
    from: Node,
    { port }: NodeAddress,
    message: ValueMap,
    take: (to: Membership, message: ValueMap, target: Node) => void,
  ): void {
    const target = this.nodes[port - 1]!;
    const bytes = packMessage(message);
    const isLost = (): boolean => this.isFaulty && this.#groups.get(from.id) !== this.#groups.get(target.id);
    if (isLost() || this.isFaulty && this.#network.float() < 0.1) return;
    const delay = 1 + this.#network.below(this.isFaulty && this.#network.float() < 0.05 ? 1_000 : 20);
    this.clock.timer(delay, () => {
      if (target.membership !== undefined && !isLost()) take(target.membership, unpackMessage(bytes), target);
    }, { background: true });
  }

  /** Cuts a node off from all others. */
  isolate(node: Node): void {
    this.isFaulty = true;
    for (const { id } of this.nodes) this.#groups.set(id, id === node.id ? 1 : 0);
  }

  crash(node: Node): void {
    node.membership?.close();
    node.membership = undefined;
  }

  async suffer(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      const node = this.nodes[this.#random.below(this.nodes.length)]!;
      const dice = this.#random.below(10);
      if (dice === 0) this.crash(node);
      else if (dice <= 3 && node.membership === undefined) this.start(node);
      else if (dice === 4) { for (const { id } of this.nodes) this.#groups.set(id, this.#random.below(2)); }
      else if (dice <= 6) this.#groups.clear();
      await this.clock.advance(this.#random.below(2_000));
    }
    this.isFaulty = false;
    this.#groups.clear();
  }

  /** Every node that is there must believe exactly in all that are. */
  judge(): void {
    const alive = this.nodes.filter(({ membership }) => membership !== undefined);
    const lives = alive.map(({ id, membership }) => `${id} ${membership!.table.self.boot}`).sort().join();
    for (const { believed, id, membership } of alive) {
      const live = membership!.table.live().map((member) => `${member.id} ${member.boot}`).sort().join();
      if (live !== lives) this.broken.push(`${id} believes in ${live}, there are ${lives}`);
      const told = [...believed.keys(), id].sort().join();
      if (told !== alive.map((node) => node.id).sort().join()) this.broken.push(`${id} was told of ${told}`);
      if (membership!.table.all().some((member) => isLive(member) && member.state === "suspect")) {
        this.broken.push(`${id} suspects somebody`);
      }
    }
  }

  end(): void {
    for (const node of this.nodes) this.crash(node);
    if (this.broken.length > 0) {
      throw new Error([...this.broken.slice(0, 5), "", ...this.trace.tail].join("\n"));
    }
  }
}

async function simulate(seed: number): Promise<Trace> {
  const stage = new Stage(seed, 2 + seed % 6);
  for (const node of stage.nodes) stage.start(node);
  await stage.suffer(25);
  if (stage.nodes[0]!.membership === undefined) stage.start(stage.nodes[0]!);
  await stage.clock.advance(60_000);
  stage.judge();
  stage.end();
  return stage.trace;
}

test("once faults stop every node believes in exactly those that are there [cluster.membership.intervals]", {
  timeout: SEEDS_TIMEOUT_MS,
}, () => runSeeds("membership.test.ts", simulate));

test(
  "nobody is thought dead who answers, and one that crashed is missed within the times that are set [cluster.membership.probe]",
  { timeout: SEEDS_TIMEOUT_MS },
  async () => {
    const stage = new Stage(1, 5);
    stage.isFaulty = false;
    for (const node of stage.nodes) stage.start(node);
    await stage.clock.advance(60_000);
    stage.judge();
    assert.equal(stage.deaths, 0);
    stage.crash(stage.nodes[2]!);
    // Two rounds of probes at most, the wait for the answer, the suspicion, and gossip.
    await stage.clock.advance(
      2 * 5 * SETTINGS.probeMs + 400 + SETTINGS.suspicionFactor * SETTINGS.probeMs + 1_000,
    );
    stage.judge();
    assert.equal(stage.deaths, 4);
    stage.end();
  },
);

test("the same seed gives the same run of membership", async () => {
  assert.equal((await simulate(5)).hash, (await simulate(5)).hash);
});

test(
  "a node that hears nobody knows that the fault may be its own, the others keep well, and so does it again [cluster.liveness]",
  { timeout: SEEDS_TIMEOUT_MS },
  async () => {
    const stage = new Stage(1, 5);
    stage.isFaulty = false;
    for (const node of stage.nodes) stage.start(node);
    await stage.clock.advance(20_000);
    const scores = (): number[] => stage.nodes.map(({ membership }) => membership!.health.score);
    assert.deepEqual(scores(), [0, 0, 0, 0, 0]);
    stage.isolate(stage.nodes[2]!);
    let worst = 0;
    for (let i = 0; i < 20; i++) {
      await stage.clock.advance(200);
      worst = Math.max(worst, scores()[2]!);
      for (const i of [0, 1, 3, 4]) assert.ok(scores()[i]! < 4, scores().join());
    }
    assert.ok(worst >= 4, `its score was ${worst} at most`);
    stage.isFaulty = false;
    await stage.clock.advance(60_000);
    stage.judge();
    assert.deepEqual(scores(), [0, 0, 0, 0, 0]);
    stage.end();
  },
);
