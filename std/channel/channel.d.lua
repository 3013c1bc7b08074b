--- Channels between the coroutines of one process.
---
--- ```lua
--- -- A worker takes jobs and sends results, until there are no more jobs.
--- local jobs, results = channel.new(), channel.new(10)
--- coroutine.spawn(function()
---   while true do
---     local job, ok = jobs:receive()
---     if not ok then break end
---     results:send(job * job)
---   end
---   results:close()
--- end)
--- for i = 1, 3 do jobs:send(i) end
--- jobs:close()
---
--- local sum = 0
--- while true do
---   local r = channel.select({ results:case_receive() })
---   if not r.ok then break end
---   sum = sum + r.value
--- end
--- assert(sum == 1 + 4 + 9)
--- ```

--- One way for values; size 0 is a rendezvous.
type channel.Channel<T> = {
  send: (self: channel.Channel<T>, value: T) -> (boolean?, error?),
  receive: (self: channel.Channel<T>) -> (T?, boolean),
  close: (self: channel.Channel<T>) -> (),
  case_receive: (self: channel.Channel<T>) -> channel.SelectCase<channel.Channel<T>, T>,
  case_send: (self: channel.Channel<T>, value: T) -> channel.SelectCase<channel.Channel<T>, T>
}

--- One alternative of a select.
type channel.SelectCase<C, T> = {channel: C, value: T?}

--- What a select took. `default` is set when nothing was ready and a default was asked for.
type channel.SelectResult = {channel: any, value: any, ok: boolean, default?: boolean}

--- A channel that holds up to `size` values (default 0).
function channel.new(size: integer?): channel.Channel<any>
--- Waits for the first ready case, in list order; with `default = true` it never waits.
function channel.select(cases: {[any]: any}, default: boolean?): channel.SelectResult
