-- Lives until it is cancelled.
local function main(number: integer): string
  local events = process.events()
  while true do
    local event = events:receive()
    if event.kind == process.event.CANCEL then return "cancelled" end
  end
end

return {main = main}
