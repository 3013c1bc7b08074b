local function status()
  local found = {}
  for _, each in ipairs(runner.setup("app:db"):status().migrations) do
    found[#found + 1] = each.id .. " " .. each.status
  end
  return found
end

local function undo()
  return runner.setup("app:db"):rollback().migrations[1].id
end

return {status = status, undo = undo}
