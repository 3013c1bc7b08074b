/**
 * A store that is a view of the pairs of a cluster: one namespace of them. Values are JSON text (see `stored_json.ts`).
 */
import { Failure, schema, type Value } from "../../core/mod.ts";
import {
  type Cluster,
  CLUSTER_ID,
  type ClusterPairs,
  ClusterResource,
  type Resources,
  type Store,
  type StoreEntry,
  type StoreInfo,
  type StorePage,
} from "../../ports/mod.ts";
import { parseStored, printStored } from "./stored_json.ts";

const NAMESPACE = /^[a-z][a-z0-9._-]*$/;

/** The field that names a namespace. */
export const NAMESPACE_FIELD = schema.string({
  nonEmpty: true,
  doc:
    "Which keys of the cluster are this entry's: a letter, then letters, digits, `.`, `_` and `-`, all lower case.",
});

/** A namespace that may be used. Fails with Invalid: those of the system begin with `_`. */
export function checkedNamespace(namespace: string): string {
  if (NAMESPACE.test(namespace)) return namespace;
  throw new Failure("Invalid", `namespace "${namespace}" must match ${NAMESPACE.source}`, {
    retryable: false,
  });
}

/** The cluster; fails with Unavailable on a node that is in none. */
export function clusterOf(resources: Resources, kind: string): Cluster {
  const cluster = resources.find(ClusterResource, CLUSTER_ID);
  if (cluster !== undefined) return cluster;
  throw new Failure("Unavailable", `${kind} needs a cluster: set cluster.enabled`, { retryable: false });
}

/** What one kind of such stores can do. */
export type ClusterStoreTraits = Pick<StoreInfo, "backend" | "consistency" | "durable" | "conditional_put">;

/** A view of the pairs of a cluster. */
export class ClusterStore implements Store {
  readonly #id: string;
  readonly #namespace: string;
  readonly #pairs: () => ClusterPairs;
  readonly #traits: ClusterStoreTraits;

  constructor(
    id: string,
    options: { namespace: string; pairs: () => ClusterPairs; traits: ClusterStoreTraits },
  ) {
    this.#id = id;
    this.#namespace = options.namespace;
    this.#pairs = options.pairs;
    this.#traits = options.traits;
  }

  info(): StoreInfo {
    return { id: this.#id, list: true, versioned: true, ttl: true, ...this.#traits };
  }

  entry(key: string): StoreEntry | undefined | Promise<StoreEntry | undefined> {
    const found = this.#pairs().entry(this.#namespace, key);
    return found instanceof Promise ? found.then(readEntry) : readEntry(found);
  }

  put(
    key: string,
    value: Value,
    options: { ttlSeconds: number; onlyIfAbsent?: boolean; ifVersion?: string },
  ): StoreEntry | Promise<StoreEntry> {
    if (!this.#traits.conditional_put && (options.onlyIfAbsent || options.ifVersion !== undefined)) {
      throw new Failure("Invalid", "operation not supported by this store", { retryable: false });
    }
    const bytes = new TextEncoder().encode(printStored(value));
    const done = this.#pairs().put(this.#namespace, key, bytes, options);
    return done instanceof Promise ? done.then((entry) => ({ ...entry, value })) : { ...done, value };
  }

  delete(key: string): boolean | Promise<boolean> {
    return this.#pairs().delete(this.#namespace, key);
  }

  list(options: { prefix: string; after: string; limit: number }): StorePage | Promise<StorePage> {
    const page = this.#pairs().list(this.#namespace, options);
    return page instanceof Promise ? page.then(readPage) : readPage(page);
  }
}

function readEntry(entry: StoreEntry | undefined): StoreEntry | undefined {
  if (entry === undefined) return undefined;
  return { ...entry, value: parseStored(new TextDecoder().decode(entry.value as Uint8Array)) as Value };
}

function readPage(page: StorePage): StorePage {
  return { ...page, items: page.items.map((item) => readEntry(item)!) };
}
