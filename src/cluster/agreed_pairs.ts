/** Key-value pairs that the consensus core keeps: writes go through its log, reads see every write that was confirmed before. */
import { Failure, isValueMap, type Value, type ValueMap } from "../core/mod.ts";
import type { Clock, ClusterPairs, PairOptions, StoreEntry, StorePage } from "../ports/mod.ts";
import type { Consensus } from "./consensus.ts";
import type { ClusterMachine } from "./machine.ts";

/** The pairs. */
export class AgreedPairs implements ClusterPairs {
  readonly #consensus: Consensus;

  constructor(
    { clock, consensus, machine }: { clock: Clock; consensus: Consensus; machine: ClusterMachine },
  ) {
    this.#consensus = consensus;
    // What has expired by the leader's clock is gone, whether a command has come since or not.
    const nowMs = (): number => Math.max(machine.nowMs, clock.nowMs());
    consensus.answerReads("pair", ({ namespace, key }) => {
      const pair = machine.pairs.get(String(namespace), String(key), nowMs());
      return pair === undefined ? null : { value: pair.value, version: pair.version };
    });
    consensus.answerReads("pairs", ({ namespace, prefix, after, limit }) => {
      const range = { prefix: String(prefix), after: String(after), limit: Number(limit) };
      return machine.pairs.list(String(namespace), range, nowMs()) as unknown as Value;
    });
  }

  async entry(namespace: string, key: string): Promise<StoreEntry | undefined> {
    const found = await this.#consensus.read("pair", { namespace, key });
    if (!isValueMap(found)) return undefined;
    return { key, value: found["value"], version: String(found["version"]) };
  }

  async put(namespace: string, key: string, value: Uint8Array, options: PairOptions): Promise<StoreEntry> {
    const { ifVersion = "", onlyIfAbsent = false, ttlSeconds } = options;
    const outcome = await this.#consensus.propose({
      kind: "put",
      namespace,
      key,
      value,
      ttlMs: Math.ceil(ttlSeconds * 1000),
      onlyIfAbsent,
      ifVersion,
      owner: "",
      boot: 0,
    });
    if (outcome.problem === "exists") {
      throw new Failure("AlreadyExists", "key already exists", { retryable: false });
    }
    if (outcome.problem === "version") throw new Failure("Conflict", "version mismatch", { retryable: true });
    return { key, value, version: outcome.version ?? "" };
  }

  async delete(namespace: string, key: string): Promise<boolean> {
    return (await this.#consensus.propose({ kind: "delete", namespace, key, owner: "" })).ok;
  }

  async list(
    namespace: string,
    options: { prefix: string; after: string; limit: number },
  ): Promise<StorePage> {
    return await this.#consensus.read("pairs", { namespace, ...options } as ValueMap) as unknown as StorePage;
  }
}
