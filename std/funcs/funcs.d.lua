--- Calls of registered functions, now or later, with context.
---
--- ```lua
--- local funcs = require("funcs")
---
--- assert(funcs.call("app:greet", "Ada") == "Hello, Ada")
---
--- -- Two at once.
--- local first, second = funcs.async("app:greet", "Grace"), funcs.async("app:greet", "Alan")
--- local payload = first:response():receive()
--- assert(payload:data() == "Hello, Grace")
--- assert(second:response():receive():data() == "Hello, Alan")
--- ```

--- Pending result of an asynchronous call. Its channel gets one payload, or the error itself, and is then closed.
type Future = {
  response: (self: Future) -> channel.Channel<any>,
  channel: (self: Future) -> channel.Channel<any>,
  is_complete: (self: Future) -> boolean,
  is_canceled: (self: Future) -> boolean,
  result: (self: Future) -> (any, error?),
  error: (self: Future) -> (error?, boolean),
  cancel: (self: Future) -> (boolean, error?)
}

--- Immutable builder of calls. Options are `retry`, `timeout`, `network` and, where a workflow calls, those of activities:
--- `activity.start_to_close_timeout` (10 minutes), `activity.schedule_to_close_timeout`, `activity.schedule_to_start_timeout`,
--- `activity.retry_policy` (`initial_interval`, `backoff_coefficient`, `maximum_interval`, `maximum_attempts`, `non_retryable_error_types`),
--- `activity.id`, `activity.task_queue`, `activity.priority`, `activity.summary`, `activity.wait_for_cancellation`.
type funcs.Executor = {
  with_context: (self: funcs.Executor, values: {[string]: any}) -> (funcs.Executor?, error?),
  with_actor: (self: funcs.Executor, actor: any) -> (funcs.Executor?, error?),
  with_scope: (self: funcs.Executor, scope: any) -> (funcs.Executor?, error?),
  with_options: (self: funcs.Executor, options: {[string]: any}) -> (funcs.Executor?, error?),
  call: (self: funcs.Executor, target: string, ...: any) -> (any, error?),
  async: (self: funcs.Executor, target: string, ...: any) -> (Future?, error?)
}

--- An executor that adds nothing.
function funcs.new(): funcs.Executor
--- Calls `namespace:name` and waits for its first result.
function funcs.call(target: string, ...: any): (any, error?)
--- Starts a call and returns its future at once.
--- While a static pool holds as many waiting calls as its buffer, the caller waits for room.
function funcs.async(target: string, ...: any): (Future?, error?)
