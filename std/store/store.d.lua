--- Key-value stores with expiry.
---
--- ```lua
--- local store = require("store")
---
--- local cache = assert(store.get("app:cache"))
--- cache:set("user:17", { name = "Ada" }, 60)
--- assert(cache:get("user:17").name == "Ada")
---
--- local value, err = cache:get("user:18")
--- assert(value == nil and err:kind() == errors.NOT_FOUND)
--- cache:release()
--- ```

store.backend: {MEMORY: string, SQL: string, KV_RAFT: string, KV_CRDT: string, UNKNOWN: string}
store.consistency: {LINEARIZABLE: string, EVENTUAL: string, LOCAL: string, UNKNOWN: string}

--- A stored value. `version` is opaque; it changes with every write where the store is versioned.
type store.Entry = {key: string, value: any, version: string}

--- One page of a listing in key order; `cursor` continues it.
type store.Page = {items: {store.Entry}, cursor: string, has_more: boolean}

--- What a store is and can do.
type store.Info = {
  id: string,
  backend: string,
  consistency: string,
  durable: boolean,
  list: boolean,
  versioned: boolean,
  conditional_put: boolean,
  ttl: boolean
}

--- Conditions and expiry of a write; `only_if_absent` and `if_version` exclude each other.
type store.PutOptions = {ttl?: number, only_if_absent?: boolean, if_version?: string}

--- A key-value store. `ttl` is in seconds, 0 for no expiry.
type store.Store = {
  get: (self: store.Store, key: string) -> (any, error?),
  entry: (self: store.Store, key: string) -> (store.Entry?, error?),
  set: (self: store.Store, key: string, value: any, ttl: number?) -> (boolean?, error?),
  put: (self: store.Store, key: string, value: any, options: store.PutOptions?) -> (store.Entry?, error?),
  list: (self: store.Store, options: {prefix?: string, after?: string, limit?: integer}?) -> (store.Page?, error?),
  has: (self: store.Store, key: string) -> (boolean?, error?),
  delete: (self: store.Store, key: string) -> (boolean?, error?),
  info: (self: store.Store) -> (store.Info?, error?),
  release: (self: store.Store) -> boolean
}

--- The store of an entry.
function store.get(id: string): (store.Store?, error?)
