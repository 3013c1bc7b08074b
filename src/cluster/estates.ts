/** What is held by those who are gone, and by what has expired: the leader of the core lets it go. */
import { asFailure } from "../core/mod.ts";
import type { Clock, Log } from "../ports/mod.ts";
import type { ClusterMachine, Command } from "./machine.ts";
import { isLive, type Member } from "./member_table.ts";
import type { ClusterNetwork } from "./network.ts";

/** What letting go needs. */
export interface EstateOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly network: ClusterNetwork;
  readonly machine: ClusterMachine;
  /** How long a member that nobody has heard of since this node leads keeps what it holds. */
  readonly unknownMs: number;
  readonly isLeader: () => boolean;
  readonly propose: (command: Command) => Promise<unknown>;
}

/** Lets go, on the node that leads. */
export class Estates {
  readonly #options: EstateOptions;
  readonly #releasing = new Set<string>();
  #ledSinceMs = 0;

  constructor(options: EstateOptions) {
    this.#options = options;
  }

  /** This node leads from now on. */
  leads(): void {
    this.#ledSinceMs = this.#options.clock.monotonicMs();
  }

  /** A member is gone. */
  left({ boot, id }: Member): void {
    if (this.#options.isLeader()) this.#release(id, boot);
  }

  /** Looks for what is held by those who are gone, as a new leader has to, and for what has expired. */
  tend(): void {
    const { clock, isLeader, machine, network, propose, unknownMs } = this.#options;
    if (!isLeader()) return;
    const isSettled = clock.monotonicMs() - this.#ledSinceMs > unknownMs;
    const lives = new Map<string, number>();
    for (const { pid, boot } of [...machine.holders(), ...machine.pairs.owners()]) {
      const node = /^\{([^@|]+)@/.exec(pid)?.[1] ?? "";
      lives.set(node, Math.max(lives.get(node) ?? 0, boot));
    }
    for (const [node, boot] of lives) {
      const member = network.members.get(node);
      const isGone = member === undefined ? isSettled : !isLive(member) || member.boot > boot;
      if (isGone) this.#release(node, boot);
    }
    if (machine.pairs.hasExpired(clock.nowMs())) this.#forget(propose({ kind: "sweep" }));
  }

  #release(node: string, boot: number): void {
    const key = `${node} ${boot}`;
    if (this.#releasing.has(key)) return;
    this.#releasing.add(key);
    const done = this.#options.propose({ kind: "gone", node, boot });
    this.#forget(done.finally(() => this.#releasing.delete(key)));
  }

  /** What fails here is tried again by the next look. */
  #forget(work: Promise<unknown>): void {
    work.catch((error) => {
      this.#options.log.debug("the consensus core did not answer", { error: asFailure(error).message });
    });
  }
}
