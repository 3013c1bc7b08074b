/** Key-value stores: provided by `store.*` kinds, used by the `store` module. */
import type { Value } from "../core/mod.ts";
import { defineResource } from "./resource.ts";

/**
 * One stored item. `version` is opaque. Values may hold whole floats wrapped (`LuaFloat` of `src/vm`); a store that keeps
 * values as they are gives them back so.
 */
export interface StoreEntry {
  key: string;
  value: Value;
  version: string;
}

/** What a backend can do. */
export interface StoreInfo {
  id: string;
  backend: "memory" | "sql" | "kv.raft" | "kv.crdt" | "unknown";
  consistency: "linearizable" | "eventual" | "local" | "unknown";
  durable: boolean;
  list: boolean;
  versioned: boolean;
  conditional_put: boolean;
  ttl: boolean;
}

/**
 * A key-value store. `ttlSeconds` 0 means no expiry.
 *
 * `put` fails with AlreadyExists `key already exists`, Conflict `version mismatch` (retryable), and Invalid
 * `operation not supported by this store` for conditions that the backend can't keep.
 */
export interface Store {
  info(): StoreInfo;
  entry(key: string): Promise<StoreEntry | undefined> | StoreEntry | undefined;
  put(
    key: string,
    value: Value,
    options: { ttlSeconds: number; onlyIfAbsent?: boolean; ifVersion?: string },
  ): Promise<StoreEntry> | StoreEntry;
  delete(key: string): Promise<boolean> | boolean;
  list(options: { prefix: string; after: string; limit: number }): Promise<StorePage> | StorePage;
}

/** One page of a listing in key order. */
export interface StorePage {
  items: StoreEntry[];
  cursor: string;
  has_more: boolean;
}

/** Resource type of stores. */
export const StoreResource = defineResource<Store>("store");
