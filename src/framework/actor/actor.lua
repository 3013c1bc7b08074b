--- The loop of a process that has a state and a handler for each topic.
---
--- A handler of a topic is called as `handler(state, payload, topic, from)`. What it gives is nothing, `exit(result)`, or `next(topic,
--- payload)`. Handlers of other names are told of the rest:
---
--- `__init(state)`                     before the first message
--- `__default(state, payload, topic, from)`   a topic that no handler has
--- `__on_event(state, event)`          an event of a process that is watched or linked
--- `__on_cancel(state, event)`         somebody wants the process to end; without it, it does
--- `__on_internal_message(state, result, err)`   what a function of `state.async` gave, where it gave neither `exit` nor `next`
---
--- AC1. One handler runs at a time: a message is taken when the one before has been dealt with. Functions of `state.async` run beside.
--- AC2. What a handler raises ends the process with that error, unless it is that of an `async` function, and somebody is told of those.

--- What a handler gives to end the loop, or to go on with another handler.
type Exit = {kind: "exit", result: any}
type Next = {kind: "next", topic: string, payload: any}
type Handler = (...any) -> any
--- What an `async` function came to.
type Ended = {is_ok: boolean, result: any}

local EXIT, NEXT = "exit", "next"
local MARK = {}

local Actor = {}
Actor.__index = Actor

local M = {}

--- Ends the loop: `run` gives the result.
function M.exit(result: any): any
  return setmetatable({kind = EXIT, result = result}, MARK)
end

--- Goes on with the handler of a topic, as if such a message had come from the process itself.
function M.next(topic: string, payload: any): any
  if type(topic) ~= "string" then error("actor.next takes the name of a topic", 2) end
  return setmetatable({kind = NEXT, topic = topic, payload = payload}, MARK)
end

local function is_word(value: any): boolean
  return type(value) == "table" and getmetatable(value) == MARK
end

local function demand_function(value: any, what: string)
  if type(value) ~= "function" then error(what .. " is no function but a " .. type(value), 3) end
end

--- The functions of a state: what it hears, and what runs beside it.
local function furnish(actor: any)
  local state = actor.state
  --- Calls `fn(state, value, ok)` for whatever comes from a channel; `ok` is false once, when it was closed.
  state.register_channel = function(ch: any, fn: Handler)
    demand_function(fn, "the handler of a channel")
    actor.channels[ch] = fn
  end
  state.unregister_channel = function(ch: any)
    actor.channels[ch] = nil
  end
  state.add_handler = function(topic: string, fn: Handler)
    demand_function(fn, "the handler of " .. tostring(topic))
    actor.handlers[topic] = fn
  end
  state.remove_handler = function(topic: string)
    actor.handlers[topic] = nil
  end
  --- Runs a function beside the loop.
  state.async = function(fn: Handler, ...: any)
    demand_function(fn, "what async is given")
    local given, count = {...}, select("#", ...)
    actor.under_way = actor.under_way + 1
    coroutine.spawn(function()
      local is_ok, result = pcall(fn, table.unpack(given, 1, count))
      actor.under_way = actor.under_way - 1
      actor.ended[#actor.ended + 1] = {is_ok = is_ok, result = result}
      -- One word is enough for all that have ended.
      if #actor.ended == 1 then actor.wake:send(true) end
      if actor.under_way == 0 and actor.idle ~= nil then actor.idle:send(true) end
    end)
  end
  --- Waits until every function of `async` has ended; what they gave is dealt with after the handler.
  state.wait = function()
    if actor.under_way == 0 then return end
    actor.idle = channel.new(1)
    actor.idle:receive()
    actor.idle = nil
  end
end

--- An actor: `state` is a table, which gets `register_channel`, `unregister_channel`, `add_handler`, `remove_handler`, `async` and `wait`;
--- `handlers` are functions by topic.
function M.new(state: any, handlers: any): any
  if state ~= nil and type(state) ~= "table" then
    error("actor.new takes a table as its state", 2)
  end
  if type(handlers) ~= "table" then error("actor.new takes a table of handlers", 2) end
  local own: {[string]: Handler} = {}
  for topic, fn in pairs(handlers) do
    demand_function(fn, "the handler of " .. tostring(topic))
    own[topic] = fn
  end
  local actor = setmetatable({
    state = state or {},
    handlers = own,
    channels = {},
    ended = {},
    wake = channel.new(1),
    under_way = 0,
    idle = nil,
  }, Actor)
  furnish(actor)
  return actor
end

--- Calls the handler of a topic, or the one of everything else.
function Actor:handle(topic: string, payload: any, from: string?): any
  local handler = self.handlers[topic] or self.handlers.__default
  if handler == nil then return nil end
  return handler(self.state, payload, topic, from)
end

--- Goes on until a handler gives no `next` any more; the `exit` if it gave one.
function Actor:settle(given: any): Exit?
  while is_word(given) do
    if given.kind == EXIT then return given end
    given = self:handle(given.topic, given.payload, process.pid())
  end
  return nil
end

--- Deals with what functions of `async` gave.
function Actor:collect(): Exit?
  local ended: {Ended} = self.ended
  self.ended = {}
  for _, each in ipairs(ended) do
    local heard = self.handlers.__on_internal_message
    local given = each.result
    if not each.is_ok and heard == nil then error(given, 0) end
    if heard ~= nil and not each.is_ok then
      given = heard(self.state, nil, each.result)
    elseif heard ~= nil and not is_word(given) then
      given = heard(self.state, given, nil)
    end
    local over = self:settle(given)
    if over ~= nil then return over end
  end
  return nil
end

--- Deals with an event of the process.
function Actor:on_event(event: process.Event): Exit?
  if event.kind == process.event.CANCEL then
    local handler = self.handlers.__on_cancel
    if handler == nil then return M.exit(nil) end
    return self:settle(handler(self.state, event))
  end
  local handler = self.handlers.__on_event
  if handler == nil then return nil end
  return self:settle(handler(self.state, event))
end

--- The payload of a message as a value.
local function value_of(message: process.Message): any
  local payload = message:payload()
  return payload ~= nil and payload:data() or nil
end

--- Deals with whatever came.
function Actor:take(case: any, inbox: any, events: any): Exit?
  if case.channel == inbox then
    return self:settle(self:handle(case.value:topic(), value_of(case.value), case.value:from()))
  end
  if case.channel == events then return self:on_event(case.value) end
  if case.channel == self.wake then return self:collect() end
  local heard = self.channels[case.channel]
  if heard == nil then return nil end
  if not case.ok then self.channels[case.channel] = nil end
  return self:settle(heard(self.state, case.value, case.ok))
end

--- Runs the loop until a handler gives `exit`; what that holds.
function Actor:run(): any
  local inbox, events = process.inbox(), process.events()
  local first = self.handlers.__init
  local over = first ~= nil and self:settle(first(self.state)) or nil
  while over == nil do
    local cases = {
      events:case_receive(),
      self.wake:case_receive(),
      inbox:case_receive(),
    }
    for ch in pairs(self.channels) do cases[#cases + 1] = ch:case_receive() end
    local case = channel.select(cases)
    if not case.ok and (case.channel == inbox or case.channel == events) then return nil end
    over = self:take(case, inbox, events)
  end
  return over.result
end

return M
