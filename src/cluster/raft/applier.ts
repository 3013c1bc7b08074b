/** Applies what is committed, in order, and wakes those who wait for it. */
import type { Value } from "../../core/mod.ts";
import type { RaftLog } from "./log.ts";
import type { ReplicatedMachine } from "./parts.ts";

/** How far a member has come. */
export class Applier {
  readonly #machine: ReplicatedMachine;
  readonly #log: RaftLog;
  #waiting: { readonly index: number; readonly resolve: () => void }[] = [];
  #commit = 0;
  #applied = 0;

  constructor(machine: ReplicatedMachine, log: RaftLog) {
    this.#machine = machine;
    this.#log = log;
  }

  /** Index up to which entries are known to be committed. */
  get commit(): number {
    return this.#commit;
  }

  /** Index up to which they have been applied. */
  get applied(): number {
    return this.#applied;
  }

  /** Applies everything up to an index, and tells what each entry gave. */
  advance(commit: number, tell: (index: number, result: Value) => void): void {
    this.#commit = Math.max(this.#commit, commit);
    while (this.#applied < this.#commit) {
      const index = ++this.#applied;
      const { kind, data } = this.#log.at(index)!;
      tell(index, kind === "command" ? this.#machine.apply(index, data) : null);
    }
    this.#wake();
  }

  /** A snapshot stands for everything up to an index. */
  restore(data: Uint8Array, index: number): void {
    this.#machine.restore(data, index);
    this.#commit = this.#applied = index;
    this.#wake();
  }

  /** Resolves once everything up to an index has been applied. */
  reached(index: number): Promise<void> {
    if (this.#applied >= index) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ index, resolve }));
  }

  #wake(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = waiting.filter(({ index }) => index > this.#applied);
    for (const { index, resolve } of waiting) if (index <= this.#applied) resolve();
  }
}
