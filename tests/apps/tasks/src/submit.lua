local http = require("http")
local queue = require("queue")
local uuid = require("uuid")

local function answer(response, status: integer, body: any)
  response:set_status(status)
  response:write_json(body)
end

local function handler()
  local request, response = http.request(), http.response()
  local order, err = request:body_json()
  if err then return answer(response, http.STATUS.BAD_REQUEST, {error = "invalid JSON"}) end
  if type(order.action) ~= "string" then
    return answer(response, http.STATUS.BAD_REQUEST, {error = "action required"})
  end
  local id = assert(uuid.v4())
  assert(queue.publish("app:tasks", {id = id, action = order.action, data = order.data or {}}))
  answer(response, http.STATUS.ACCEPTED, {id = id, status = "queued"})
end

return {handler = handler}
