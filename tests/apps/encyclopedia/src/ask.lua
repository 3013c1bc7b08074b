local http = require("http")

local function handle()
  local req, res = http.request(), http.response()
  local body = req:body_json()
  if type(body) ~= "table" or type(body.question) ~= "string" then
    res:set_status(http.STATUS.BAD_REQUEST)
    res:write_json({error = "question is required"})
    return
  end
  local found, err = answer.answer(body.question)
  if found == nil then
    res:set_status(http.STATUS.INTERNAL_ERROR)
    res:write_json({error = tostring(err)})
    return
  end
  res:write_json(found)
end

return {handle = handle}
