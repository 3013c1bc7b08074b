/** What a member of the consensus core has given its word for: a term, and a vote in it. In the storage before anybody hears of it. */
import type { RaftStorage } from "./log.ts";

/** The word of one member. */
export class Word {
  readonly #storage: RaftStorage;
  #term: number;
  #votedFor: string;
  /** False for one that begins without memory: it may have given its word for something before. */
  mayVote: boolean;

  constructor(storage: RaftStorage, { term, votedFor }: { term: number; votedFor: string }) {
    this.#storage = storage;
    this.#term = term;
    this.#votedFor = votedFor;
    this.mayVote = term > 0;
  }

  get term(): number {
    return this.#term;
  }

  /** Who has its vote in this term; "" for nobody. */
  get votedFor(): string {
    return this.#votedFor;
  }

  /** Gives its word. */
  give(term: number, votedFor: string): void {
    if (term === this.#term && votedFor === this.#votedFor) return;
    this.#storage.saveVote(term, votedFor);
    this.#term = term;
    this.#votedFor = votedFor;
  }
}
