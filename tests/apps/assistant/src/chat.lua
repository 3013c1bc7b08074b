local io = require("io")
local json = require("json")
local funcs = require("funcs")

local WORDS = "words"

--- One step, whose words are printed as they come.
local function step(runner, conversation, words)
  local ended = channel.new(1)
  coroutine.spawn(function()
    local response, err = runner:step(conversation, {
      stream_target = {reply_to = process.pid(), topic = WORDS}
    })
    ended:send({response = response, err = err})
  end)
  while true do
    local chunk = words:receive()
    if chunk.type == "chunk" then
      io.write(chunk.content)
    elseif chunk.type == "done" or chunk.type == "error" then
      local outcome = ended:receive()
      return outcome.response, outcome.err
    end
  end
end

--- Steps until the model wants nothing called any more.
local function answer(runner, conversation, words)
  while true do
    local response, err = step(runner, conversation, words)
    if err then return nil, err end
    if response.tool_calls == nil then return response.result end
    for _, call in ipairs(response.tool_calls) do
      io.print("(" .. call.name .. ")")
      local result, failure = funcs.call(call.registry_id, call.arguments)
      local told = failure and {error = tostring(failure)} or result
      conversation:add_function_call(call.name, call.arguments, call.id)
      conversation:add_function_result(call.name, json.encode(told), call.id)
    end
  end
end

local function main()
  local runner, err = agents.new():load_agent("app:assistant")
  if err then
    io.print(tostring(err))
    return 1
  end
  local words = process.listen(WORDS)
  local conversation = prompt.new()
  while true do
    io.write("> ")
    local line = io.readline()
    if line == nil or line == "bye" then break end
    conversation:add_user(line)
    local text, failure = answer(runner, conversation, words)
    if failure then
      io.print("error: " .. tostring(failure))
    else
      conversation:add_assistant(text)
    end
    io.print("")
  end
  io.print(runner:get_stats().total_tokens .. " tokens")
  return 0
end

return {main = main}
