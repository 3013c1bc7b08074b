local workers = {}

-- Sends back what it gets until it is told to stop.
function workers.echo(): string
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    if message:topic() == "stop" then return "stopped" end
    process.send(message:from(), message:topic(), message:payload():data())
  end
end

function workers.task(n: integer): integer
  return n * 2
end

-- Lives until it is cancelled.
function workers.patient(): string
  local event = process.events():receive()
  return event.kind == process.event.CANCEL and "cancelled" or event.kind
end

function workers.failing()
  error("broken on purpose")
end

-- Links itself to a child that fails. With `traps` it hears of it, without it goes down too.
function workers.parent(traps: boolean): string
  if traps then process.set_options({trap_links = true}) end
  assert(process.get_options().trap_links == traps)
  process.spawn_linked("app:failing", "app:processes")
  local event = process.events():receive()
  return event.kind .. ": " .. tostring(event.result.error)
end

return workers
