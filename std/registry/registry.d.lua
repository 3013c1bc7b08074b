--- Entries of the running application: reading, searching, changing, versions.
---
--- ```lua
--- local registry = require("registry")
---
--- local changes = registry.snapshot():changes()
--- changes:create({ id = "app:limit", kind = "registry.entry", data = { value = 10 } })
--- local version = assert(changes:apply())
---
--- assert(registry.get("app:limit").data.value == 10)
--- print(tostring(version))
--- ```

--- An entry. `id` is `namespace:name`.
type registry.Entry = {id: string, kind: string, meta: {[string]: any}, data: any}

--- One change. `kind` is `entry.create`, `entry.update` or `entry.delete`.
type registry.Operation = {kind: string, entry: registry.Entry}

--- Parts of an id; `ns` is empty when there is no colon.
type registry.Id = {ns: string, name: string}

--- A version of the registry.
type registry.Version = {
  id: (self: registry.Version) -> integer,
  string: (self: registry.Version) -> string,
  previous: (self: registry.Version) -> registry.Version?,
  next: (self: registry.Version) -> registry.Version?
}

--- Changes that are collected and then applied as one.
type registry.Changes = {
  create: (self: registry.Changes, entry: registry.Entry) -> (boolean?, error?),
  update: (self: registry.Changes, entry: registry.Entry) -> (boolean?, error?),
  delete: (self: registry.Changes, id: string | registry.Id) -> (boolean?, error?),
  ops: (self: registry.Changes) -> {registry.Operation},
  apply: (self: registry.Changes) -> (registry.Version?, error?)
}

--- The registry at one version. Entries that the caller may not read are left out.
type registry.Snapshot = {
  entries: (self: registry.Snapshot) -> ({registry.Entry}?, error?),
  get: (self: registry.Snapshot, id: string) -> (registry.Entry?, error?),
  find: (self: registry.Snapshot, filter: {[string]: any}) -> {registry.Entry},
  namespace: (self: registry.Snapshot, ns: string) -> {registry.Entry},
  version: (self: registry.Snapshot) -> registry.Version,
  changes: (self: registry.Snapshot) -> registry.Changes
}

--- All versions.
type registry.History = {
  versions: (self: registry.History) -> ({registry.Version}?, error?),
  get_version: (self: registry.History, id: integer) -> (registry.Version?, error?),
  snapshot_at: (self: registry.History, version: registry.Version) -> (registry.Snapshot?, error?)
}

--- One entry.
function registry.get(id: string): (registry.Entry?, error?)
--- Entries that fit all fields of `filter`: `.kind`, `.ns`, `.name`, `.id` with `*`; `meta.<key>` exactly, or with `~` regular expression, `^` prefix, `$` suffix, `*` contains before it.
function registry.find(filter: {[string]: any}): ({registry.Entry}?, error?)
--- Splits an id at its first colon.
function registry.parse_id(id: string): registry.Id
--- The current state.
function registry.snapshot(): (registry.Snapshot?, error?)
--- The state at a version.
function registry.snapshot_at(id: integer): (registry.Snapshot?, error?)
--- The current version.
function registry.current_version(): (registry.Version?, error?)
--- All versions, oldest first.
function registry.versions(): ({registry.Version}?, error?)
--- The history of versions.
function registry.history(): (registry.History?, error?)
--- Makes a version the current one, backwards or forwards.
function registry.apply_version(version: registry.Version): (boolean?, error?)
--- Ordered operations that lead from one list of entries to another.
function registry.build_delta(from: {registry.Entry}, to: {registry.Entry}): ({registry.Operation}?, error?)
