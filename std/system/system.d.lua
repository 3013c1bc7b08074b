--- The running program: memory, processors, hosts, services, and what this node knows of a cluster.
---
--- ```lua
--- local system = require("system")
---
--- assert(system.process.pid() > 0)
--- local stats = system.memory.stats()
--- print(system.process.hostname(), stats.heap_alloc, system.runtime.cpu_count())
--- ```

--- A module that code may require.
type system.Module = {
  name: string,
  description: string,
  class: {string},
  --- Numbers of its members: 1 to 255 for modules of the program, 256 and more for others.
  commands: {[string]: integer}
}

--- Memory in bytes, counts where the name says so.
type system.MemoryStats = {
  alloc: number,
  total_alloc: number,
  sys: number,
  heap_alloc: number,
  heap_sys: number,
  heap_idle: number,
  heap_in_use: number,
  heap_released: number,
  heap_objects: number,
  stack_in_use: number,
  stack_sys: number,
  mspan_in_use: number,
  mspan_sys: number,
  num_gc: number,
  next_gc: number
}

--- A process host.
type system.Host = {
  id: string,
  workers: integer,
  processes: integer,
  executed: integer,
  stolen: integer,
  queue_depth: integer
}

--- A live process. `started_at` is in nanoseconds since the Unix epoch.
type system.Process = {
  pid: string,
  host: string,
  source: string,
  state: string,
  steps: integer,
  started_at: integer,
  parent?: string,
  actor_id?: string,
  --- What a blocked process waits for.
  waits_for?: {command: string, id?: integer},
  --- `worker` is the number of the worker that runs it, 0 for the main one.
  stats?: {subscriptions: integer, threads: integer, channels: integer, worker: integer}
}

--- State of a supervised service. Times are in nanoseconds since the Unix epoch; `started_at` is 0 before the first start.
type system.ServiceState = {
  id: string,
  status: string,
  desired: string,
  retry_count: integer,
  last_update: integer,
  started_at: integer,
  details?: string
}

--- A node of the cluster.
type system.Node = {
  id: string,
  is_local: boolean,
  addr?: string,
  meta?: {[string]: string}
}

--- Starts an orderly end of the whole program with this exit code (0 when absent).
function system.exit(code: integer?): (boolean?, error?)
--- All modules, in order of their names.
function system.modules(): ({system.Module}?, error?)
--- Memory figures of the program.
function system.memory.stats(): (system.MemoryStats?, error?)
--- Bytes allocated and in use.
function system.memory.allocated(): (number?, error?)
--- Number of objects on the heap.
function system.memory.heap_objects(): (number?, error?)
--- Sets the memory limit in bytes (-1 for none) and returns the previous one.
function system.memory.set_limit(limit: integer): (number?, error?)
--- The memory limit in bytes, -1 for none.
function system.memory.get_limit(): (number?, error?)
--- Collects garbage now.
function system.gc.collect(): (boolean?, error?)
--- Sets the growth of the heap between collections, in percent, and returns the previous one.
function system.gc.set_percent(percent: integer): (number?, error?)
--- The growth of the heap between collections, in percent.
function system.gc.get_percent(): (number?, error?)
--- Number of live processes and calls.
function system.runtime.goroutines(): (integer?, error?)
--- The number of processors the program may use; with `count` it is set and the previous one returned.
function system.runtime.max_procs(count: integer?): (integer?, error?)
--- Number of logical processors.
function system.runtime.cpu_count(): (integer?, error?)
--- Id of the operating system's process.
function system.process.pid(): (integer?, error?)
--- Name of the machine.
function system.process.hostname(): (string?, error?)
--- Working directory of the program.
function system.process.cwd(): (string?, error?)
--- All process hosts.
function system.hosts.list(): ({system.Host}?, error?)
--- Live processes of a host.
function system.hosts.processes(host_id: string): ({system.Process}?, error?)
--- State of one supervised service.
function system.supervisor.state(service_id: string): (system.ServiceState?, error?)
--- States of all supervised services.
function system.supervisor.states(): ({system.ServiceState}?, error?)
--- Name of this node.
function system.node.id(): (string?, error?)
--- Advertised address of this node.
function system.node.addr(): (string?, error?)
--- Raft role of this node; `non-member` when there is no Raft.
function system.node.role(): (string?, error?)
--- Known nodes, this one first.
function system.cluster.members(): ({system.Node}?, error?)
--- Id of the leader, empty when unknown.
function system.cluster.leader(): (string?, error?)
--- Number of visible members, 0 without a cluster.
function system.cluster.size(): (integer?, error?)
--- Whether this node leads.
function system.raft.is_leader(): (boolean?, error?)
--- Whether this node is a voter or standby.
function system.raft.is_member(): (boolean?, error?)
--- Raft role of this node.
function system.raft.role(): (string?, error?)
--- Current term.
function system.raft.term(): (number?, error?)
--- Highest committed index.
function system.raft.commit_index(): (number?, error?)
--- All figures of Raft.
function system.raft.stats(): ({[string]: string}?, error?)
--- Takes a cluster-wide lock, without waiting. A held one gives false and an error.
function system.lock.acquire(name: string): (boolean?, error?)
--- Releases a lock; false when it is not held by the caller.
function system.lock.release(name: string): (boolean?, error?)
