--- Goes on with the dataflows that the end of the program has interrupted, as those who started them.

local logger = require("logger")
local security = require("security")

local PROCESS = "userspace.dataflow:orchestrator"
local HOST = "userspace.dataflow:processes"

--- Who it was, with the policies that there still are.
local function identity(flow: store.Flow): (any, any)
  local policies: {any} = {}
  for _, id in ipairs(flow.policies) do
    local policy = security.policy(id)
    if policy == nil then
      logger:warn("a dataflow goes on without a policy that is gone", {
        dataflow = flow.id,
        policy = id
      })
    else
      policies[#policies + 1] = policy
    end
  end
  return security.new_actor(flow.actor_id, flow.actor_meta), security.new_scope(policies)
end

local function run()
  local ids, err = store.interrupted()
  if ids == nil then return {status = "error", message = tostring(err)} end
  local resumed = 0
  for _, id in ipairs(ids) do
    local flow = store.get(id)
    if flow ~= nil and process.registry.lookup("dataflow." .. id) == nil then
      local actor, scope = identity(flow)
      local _, refused = process.with_context({})
        :with_actor(actor)
        :with_scope(scope)
        :spawn(PROCESS, HOST, id)
      if refused ~= nil then
        logger:error("a dataflow could not go on", {dataflow = id, error = tostring(refused)})
      else
        resumed = resumed + 1
      end
    end
  end
  if resumed == 0 then return {status = "skipped", message = "nothing was interrupted"} end
  return {status = "success", message = "dataflows that go on: " .. resumed}
end

return {run = run}
