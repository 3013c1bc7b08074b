-- Answers each number with the next one, and ends after three.
local function main()
  local inbox = process.inbox()
  while true do
    local message, is_open = inbox:receive()
    if not is_open then return end
    local asked = message:payload():data()
    process.send(asked.from, "answer", {got = asked.number + 1})
    if asked.number >= 3 then return "done" end
  end
end

return {main = main}
