-- json is there in the system, and not for this function.
local function run(): {ok: boolean, message: string, leak: boolean}
  local ok, err = pcall(require, "json")
  return {ok = ok, message = tostring(err), leak = rawget(_G, "json") ~= nil}
end

return {run = run}
