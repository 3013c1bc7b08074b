local http = require("http")
local templates = require("templates")
local graph = require("graph")

local handlers = {}

function handlers.page()
  local response = http.response()
  local pages = assert(templates.get("app:pages"))
  local text = assert(
    pages:render("viewer", {title = "Calls <of> code", languages = graph.samples()})
  )
  pages:release()
  response:set_content_type("text/html; charset=utf-8")
  response:write(text)
end

-- The sample that a request asks for; answers itself when there is none.
local function asked(): any
  local request, response = http.request(), http.response()
  local language = request:query("language")
  local sample = language and graph.sample(language)
  if not language then
    response:set_status(http.STATUS.BAD_REQUEST)
    response:write_json({error = "language required"})
  elseif not sample then
    response:set_status(http.STATUS.NOT_FOUND)
    response:write_json({error = "no samples in " .. language})
  end
  return sample
end

function handlers.files()
  local sample = asked()
  if not sample then return end
  local files = graph.files(sample)
  http.response():write_json({language = sample.language, files = files, count = #files})
end

function handlers.calls()
  local sample = asked()
  if not sample then return end
  local response = http.response()
  response:set_content_type("text/vnd.graphviz")
  response:write(graph.dot(sample))
end

return handlers
