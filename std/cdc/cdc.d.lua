--- Change data capture: the changes of rows in Postgres databases, as they happen. Sources are entries of kind `db.cdc.postgres`.
---
--- Values are those that `sql` gives for the same columns, but points in time keep the parts of their seconds. A source waits while a
--- stream has no room, and while there is no stream at all: the database keeps what happens. It is told that a change was received once
--- every stream has received it. When the last stream ends, the next one gets what that had not received, from the beginning of a
--- transaction or snapshot; so it is after a crash, too. Changes are handled at least once. (A temporary slot keeps nothing: what its last
--- stream had not received is gone.)
---
--- ```lua
--- local cdc = require("cdc")
---
--- -- Entries of kind db.cdc.postgres are sources.
--- local sources = assert(cdc.list_sources())
--- for _, source in ipairs(sources) do
---   local stream = assert(cdc.stream(source.name, { ops = { "insert", "update" }, buffer = 128 }))
---   local changes = assert(stream:channel())
---   local change = changes:receive()
---   print(change.relation, change.op, change.lsn)
---   stream:close()
--- end
--- ```

--- What is known of a source. Without `publication` it keeps one of its own for its tables.
type cdc.Source = {
  name: string,
  slot: string,
  publication: string,
  tables: {string},
  streaming: boolean,
  failover: boolean,
  temporary: boolean,
  snapshot: boolean
}

--- A change. `op` is insert, update, delete, truncate, or r for a row of the snapshot; columns that are NULL are absent from the rows.
--- `before` has the columns of the table's replica identity: its primary key, or all of them with REPLICA IDENTITY FULL. `unchanged`
--- names columns that `after` lacks because their large values did not change and were not sent.
type cdc.Change = {
  op: string,
  schema: string,
  table: string,
  relation: string,
  before: {[string]: any}?,
  after: {[string]: any}?,
  unchanged: {string}?,
  source: string,
  lsn: string,
  commit_lsn: string?,
  xid: integer?
}

--- Which changes are wanted, and how many of them may wait (1 to 65536; 128). Tables are named `schema.table`.
type cdc.StreamOptions = { tables: {string}?, ops: {string}?, buffer: integer? }

--- A stream of changes. The first call of `channel` subscribes; the channel is closed when the source stops or has nothing more to tell.
--- Close a stream that is no longer read: it holds up its source. It ends with its process. `receive` is `channel`, `release` is `close`.
type cdc.Stream = {
  channel: (self: cdc.Stream) -> (channel.Channel<cdc.Change>?, error?),
  receive: (self: cdc.Stream) -> (channel.Channel<cdc.Change>?, error?),
  close: (self: cdc.Stream) -> boolean,
  release: (self: cdc.Stream) -> boolean
}

--- All sources, in order of their names.
function cdc.list_sources(): ({cdc.Source}?, error?)
--- One source by the id of its entry; nil when there is none.
function cdc.source(name: string): (cdc.Source?, error?)
--- Opens a stream of a source's changes.
function cdc.stream(name: string, opts: cdc.StreamOptions?): (cdc.Stream?, error?)
