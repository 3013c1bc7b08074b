local control = {}

function control.end_worker(number: integer, how: string): string
  local pid = assert(process.registry.lookup("worker." .. number))
  if how == "cancel" then assert(process.cancel(pid, "1s")) else assert(process.terminate(pid)) end
  return pid
end

function control.make_chain(length: integer): string
  return assert(process.spawn("app.workers:link", "app:processes", length))
end

function control.tear_chain(length: integer)
  assert(process.send("link." .. length, "tear"))
end

-- How many links of a chain are alive.
function control.links(length: integer): integer
  local count = 0
  for left = 0, length do
    if process.registry.lookup("link." .. left) then count = count + 1 end
  end
  return count
end

return control
