local time = require("time")

local function count(name: string?)
  local answers = process.listen("answer")
  local sent, err = process.send(name or "counter", "ask", {reply_to = process.pid()})
  if not sent then
    return nil, err
  end
  local event = channel.select({answers:case_receive(), time.after("2s"):case_receive()})
  if event.channel ~= answers then
    return nil, errors.new({message = "the counter does not answer", kind = errors.TIMEOUT})
  end
  return event.value
end

return {count = count}
