--- Processes: identity, messages, spawning, links, monitors, names.
---
--- ```lua
--- -- app:echo sends back what it gets.
--- local pid = assert(process.spawn_monitored("app:echo", "app:host", process.pid()))
--- process.send(pid, "say", "hello")
---
--- local message = process.inbox():receive()
--- assert(message:topic() == "echo" and message:payload():data() == "hello")
---
--- process.cancel(pid, "1s")
--- local event = process.events():receive()
--- assert(event.kind == process.event.EXIT and event.from == pid)
--- ```

--- A message taken from the inbox or from `listen(topic, {message = true})`.
type process.Message = {
  topic: (self: process.Message) -> string,
  from: (self: process.Message) -> string?,
  payload: (self: process.Message) -> any
}

--- A lifecycle event from `process.events()`. `at` is in Unix seconds.
type process.Event = {
  kind: string,
  from: string,
  at: integer,
  reason?: string,
  result?: {value: any, error: any},
  sources?: {string}
}

--- Immutable builder of spawns.
type process.Spawner = {
  with_context: (self: process.Spawner, values: {[string]: any}) -> process.Spawner,
  with_options: (self: process.Spawner, options: {[string]: any}) -> process.Spawner,
  with_actor: (self: process.Spawner, actor: any) -> process.Spawner,
  with_scope: (self: process.Spawner, scope: any) -> process.Spawner,
  with_name: (self: process.Spawner, name: string) -> process.Spawner,
  with_message: (self: process.Spawner, topic: string, ...: any) -> process.Spawner,
  spawn: (self: process.Spawner, id: string, host: string, ...: any) -> (string?, error?),
  spawn_monitored: (self: process.Spawner, id: string, host: string, ...: any) -> (string?, error?),
  spawn_linked: (self: process.Spawner, id: string, host: string, ...: any) -> (string?, error?),
  spawn_linked_monitored: (self: process.Spawner, id: string, host: string, ...: any) -> (string?, error?),
  exec: (self: process.Spawner, id: string, host: string, ...: any) -> (any, error?)
}

--- Registry id of the running entry.
function process.id(): string
--- Own process id.
function process.pid(): string
--- Sends values under a topic to a pid or registered name. Delivery is fire-and-forget, in order per sender.
function process.send(destination: string, topic: string, ...: any): (boolean?, error?)
--- Starts a process on a host and returns its pid.
function process.spawn(id: string, host: string, ...: any): (string?, error?)
--- Spawns and monitors: an EXIT event follows when it ends.
function process.spawn_monitored(id: string, host: string, ...: any): (string?, error?)
--- Spawns and links both ways.
function process.spawn_linked(id: string, host: string, ...: any): (string?, error?)
--- Spawns, links and monitors.
function process.spawn_linked_monitored(id: string, host: string, ...: any): (string?, error?)
--- Runs a process to its end and returns its result.
function process.exec(id: string, host: string, ...: any): (any, error?)
--- Ends a process by force.
function process.terminate(destination: string): (boolean?, error?)
--- Asks a process to end; it gets a CANCEL event with the reason.
function process.cancel(destination: string, reason: string?): (boolean?, error?)
--- Watches a process one way.
function process.monitor(destination: string): (boolean?, error?)
--- Stops watching.
function process.unmonitor(destination: string): (boolean?, error?)
--- Links two processes both ways.
function process.link(destination: string): (boolean?, error?)
--- Removes a link.
function process.unlink(destination: string): (boolean?, error?)
--- Channel of messages whose topic nobody listens to.
function process.inbox(): channel.Channel<process.Message>
--- Channel of lifecycle events.
function process.events(): channel.Channel<process.Event>
--- Channel of one topic: raw values, or messages with `{message = true}`.
function process.listen(topic: string, options: {message?: boolean}?): (channel.Channel<any>?, error?)
--- Ends a `listen`.
function process.unlisten(ch: channel.Channel<any>): (boolean, error?)
--- Options of this process.
function process.get_options(): {trap_links: boolean, upgradable: boolean}
--- Changes options of this process.
function process.set_options(options: {trap_links?: boolean, upgradable?: boolean}): (boolean, error?)
--- Spawner that adds context values.
function process.with_context(values: {[string]: any}): process.Spawner
--- Spawner with spawn options: `network`, and for workflows those that begin with `temporal.workflow.`, such as
--- `temporal.workflow.id`, `temporal.workflow.id_conflict_policy` or `temporal.workflow.retry_policy`.
function process.with_options(options: {[string]: any}): process.Spawner
--- Replaces the running code, keeping pid and mailbox; nil means the current definition.
function process.upgrade(id: string?, ...: any): never
--- Registers a name for a pid (default: self) in a scope (default: LOCAL).
function process.registry.register(name: string, pid: string?, scope: integer?): (boolean?, error?)
--- Pid behind a name.
function process.registry.lookup(name: string): (string?, error?)
--- Releases a name.
function process.registry.unregister(name: string, scope: integer?): boolean

process.event.CANCEL: string
process.event.EXIT: string
process.event.LINK_DOWN: string
process.event.OUTDATED: string
process.registry.LOCAL: integer
process.registry.EVENTUAL: integer
process.registry.CONSISTENT: integer
process.registry.STRONG: integer
