/** What a member of the consensus core has given its word for: a term, and a vote in it. In the storage before anybody hears of it. */
import type { RaftStorage, StoredState } from "./log.ts";

/** The word of one member. */
export class Word {
  readonly #storage: RaftStorage;
  #term: number;
  #votedFor: string;
  #mayVote: boolean;

  constructor(
    storage: RaftStorage,
    { term, votedFor, mayVote }: Pick<StoredState, "term" | "votedFor" | "mayVote">,
  ) {
    this.#storage = storage;
    this.#term = term;
    this.#votedFor = votedFor;
    this.#mayVote = mayVote;
  }

  get term(): number {
    return this.#term;
  }

  /** Who has its vote in this term; "" for nobody. */
  get votedFor(): string {
    return this.#votedFor;
  }

  /** False for one that began without memory and is not up to date yet: it may have given its word for something before. */
  get mayVote(): boolean {
    return this.#mayVote;
  }

  /** Gives its word; with `mayVote` it knows from now on all that it may have promised. */
  give(term: number, votedFor: string, mayVote = this.#mayVote): void {
    if (term === this.#term && votedFor === this.#votedFor && mayVote === this.#mayVote) return;
    this.#storage.saveVote({ term, votedFor, mayVote });
    this.#term = term;
    this.#votedFor = votedFor;
    this.#mayVote = mayVote;
  }
}
