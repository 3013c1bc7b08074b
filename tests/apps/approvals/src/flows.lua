local M = {}

--- A release that two must agree to; with `falls` a step is under way until the program is killed.
function M.start(text, falls)
  local release = flow.create()
    :with_title("Release of a note")
    :with_input({text = text})
    :to("draft")
    :func("app:draft")
    :as("draft")
    :to("legal", "draft")
    :to("finance", "draft")
    :signal({signal_id = "legal_ok", inputs = {required = {"draft"}}})
    :as("legal")
    :to("gate", "legal")
    :signal({signal_id = "finance_ok", inputs = {required = {"draft"}}})
    :as("finance")
    :to("gate", "finance")
    :join({inputs = {required = {"legal", "finance"}}})
    :as("gate")
    :to("release")
  if falls then
    release:func("app:fall_over"):as("release"):to("@success")
  else
    release:func("app:release"):as("release"):to("@success")
  end
  return release:start()
end

function M.status(id)
  local c = assert(client.new())
  local nodes = {}
  for path, node in pairs(assert(c:nodes(id))) do nodes[path] = node.status end
  return {status = c:get_status(id), output = c:output(id), nodes = nodes}
end

function M.signal(id, name, value)
  return assert(client.new()):signal(id, name, value)
end

return M
