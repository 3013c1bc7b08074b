--- Process groups: named sets of processes that can be listed, watched and sent to.
---
--- ```lua
--- local pg = require("pg")
---
--- local scope = assert(pg.open("app:groups"))
--- assert(scope:join("workers"))
--- assert(#scope:get_members("workers") == 1)
--- ```

--- A change of membership. A process that had joined n times and ended is listed n times.
type pg.Event = {system: string, kind: string, path: string, data: {Group: string, PIDs: {string}}}

--- A watch on groups, until it is closed or its process ends.
type pg.Subscription = {
  --- The channel that events arrive on; the same every time.
  channel: (self: pg.Subscription) -> channel.Channel<pg.Event>,
  --- Unsubscribes and closes the channel; with `flush` after what has already happened was delivered.
  close: (self: pg.Subscription, options: {flush?: boolean}?) -> boolean
}

--- An opened scope.
type pg.Instance = {
  --- Joins a group, or all of several. Joining n times takes n leaves.
  join: (self: pg.Instance, group: string | {string}) -> (boolean?, error?),
  --- Leaves a group, or those of several that it is in; fails when it is in none.
  leave: (self: pg.Instance, group: string | {string}) -> (boolean?, error?),
  --- Pids of the members, empty for an unknown group.
  get_members: (self: pg.Instance, group: string) -> ({string}?, error?),
  --- Pids of the members on this node.
  get_local_members: (self: pg.Instance, group: string) -> ({string}?, error?),
  --- Groups that have members.
  which_groups: (self: pg.Instance) -> ({string}?, error?),
  --- Groups that have members on this node.
  which_local_groups: (self: pg.Instance) -> ({string}?, error?),
  --- Sends a message to every member, from the caller.
  broadcast: (self: pg.Instance, group: string, topic: string, ...: any) -> (boolean?, error?),
  --- Sends a message to every member on this node, from the caller.
  broadcast_local: (self: pg.Instance, group: string, topic: string, ...: any) -> (boolean?, error?),
  --- Watches one group; also returns its members at that moment.
  monitor: (self: pg.Instance, group: string) -> (pg.Subscription?, {string}?, error?),
  --- Watches all groups; also returns their members at that moment.
  events: (self: pg.Instance) -> (pg.Subscription?, {[string]: {string}}?, error?),
  --- Frees the instance; every other method fails afterwards.
  release: (self: pg.Instance) -> boolean
}

--- Opens the scope of a `pg.scope` entry.
function pg.open(id: string): (pg.Instance?, error?)
