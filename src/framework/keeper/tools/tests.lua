--- Tests of the application, run as `wippy test` runs them.

local registry = require("registry")
local time = require("time")

local RUNNER = "wippy.test:runner"
local TIMEOUT = "10m"

local M = {}

local function counted(suites: {any}): any
  local counts = {pass = 0, fail = 0, skip = 0}
  local failures = {}
  for _, suite in ipairs(suites) do
    for _, case in ipairs(suite.cases) do
      counts[case.status] = counts[case.status] + 1
      if case.status == "fail" then
        failures[#failures + 1] = {
          id = case.id,
          path = case.path,
          name = case.name,
          error = case.error,
          trace = case.trace
        }
      end
    end
  end
  return {passed = counts.pass, failed = counts.fail, skipped = counts.skip, failures = failures}
end

--- Runs tests whose ids have one of `words` in them, or all.
function M.run(args: any): (any, error?)
  if registry.get(RUNNER) == nil then
    return nil, errors.new({
        kind = errors.NOT_FOUND,
        message = "the application has no wippy/test: add a dependency on it"
      })
  end
  local host, unknown = settings.process_host()
  if host == nil then return nil, unknown end
  local results = assert(process.listen("test:results"))
  local places = assert(process.listen("test:place"))
  local ends = process.events()
  local words = {"--quiet", "--host=" .. process.pid()}
  for _, word in ipairs(args.words or {}) do words[#words + 1] = word end
  local pid, refused = process.spawn_monitored(RUNNER, host, table.unpack(words))
  if pid == nil then return nil, refused end
  local late = time.after(TIMEOUT)
  local suites
  while true do
    local case = channel.select({
      results:case_receive(),
      places:case_receive(),
      ends:case_receive(),
      late:case_receive()
    })
    if case.channel == results then
      suites = case.value[1]
    elseif case.channel == places then
      process.send(pid, "test:place", case.value[1] .. ":" .. case.value[2])
    elseif case.channel == late then
      process.terminate(pid)
      return nil,
        errors.new({kind = errors.TIMEOUT, message = "the tests did not end within " .. TIMEOUT})
    elseif case.value.kind == process.event.EXIT then
      break
    end
  end
  return counted(suites or {})
end

return M
