--- The process of one dataflow: walks its graph, hears of signals, and writes down how it ends.
---
--- OR1. A dataflow whose process ends without a word goes on when the program starts again: an end of the program is no end of it.

local logger = require("logger")

local NAME = "dataflow."

--- Wakes whoever waits; one that was woken already looks again anyway.
local function wake(run: any)
  for _, waiter in ipairs(run.waiting) do
    channel.select({waiter.wake:case_send(true), default = true})
  end
end

local function hear(run: any)
  local inbox = process.inbox()
  while true do
    local message, is_open = inbox:receive()
    if not is_open then return end
    if message:topic() == "cancel" then run.is_cancelled = true end
    wake(run)
  end
end

--- Resolves when the program, or whoever else may, ends the process.
local function ending(run: any, told: any)
  local happened = process.events()
  while true do
    local event, is_open = happened:receive()
    if not is_open then return end
    if event.kind == process.event.CANCEL then
      run.is_ending = true
      told:send(true)
      return
    end
  end
end

local function tell(asked_by: any, id: string)
  if asked_by ~= nil then process.send(asked_by.pid, asked_by.topic, id) end
end

local function main(id: string, asked_by: any)
  local registered, taken = process.registry.register(NAME .. id)
  if not registered then
    error("dataflow " .. id .. " is under way already: " .. tostring(taken))
  end
  local flow = assert(store.get(id))
  local run = {
    id = id,
    memo = assert(store.nodes(id)),
    waiting = {},
    is_cancelled = false,
    is_ending = false
  }
  local ended, told = channel.new(1), channel.new(1)
  coroutine.spawn(function() hear(run) end)
  coroutine.spawn(function() ending(run, told) end)
  coroutine.spawn(function()
    local ok, output, err = pcall(engine.walk, run, flow.commands, nil, "")
    ended:send({output = output, err = ok and err or (not ok and tostring(output)) or nil})
  end)
  local chosen = channel.select({told:case_receive(), ended:case_receive()})
  if chosen.channel == told then return end
  local output, err = chosen.value.output, chosen.value.err
  local status = run.is_cancelled and "cancelled" or err ~= nil and "failed" or "completed"
  assert(store.change(id, {"running"}, status, output, err))
  if status == "failed" then
    logger:warn("dataflow failed", {dataflow = id, title = flow.title, error = err})
  end
  tell(asked_by, id)
end

return {main = main}
