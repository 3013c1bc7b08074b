--- Makes `ENCRYPTION_KEY` when there is none: 32 random bytes, as 64 hexadecimal digits.

local crypto = require("crypto")
local env = require("env")

local NAME = "ENCRYPTION_KEY"
local DIGITS = 64

local function run()
  local present = env.get(NAME)
  if present ~= nil and present ~= "" then
    return {status = "skipped", message = NAME .. " is set"}
  end
  local _, err = env.set(NAME, assert(crypto.random.string(DIGITS, "0123456789abcdef")))
  if err == nil then return {status = "success", message = NAME .. " was made"} end
  if err:kind() ~= errors.PERMISSION_DENIED then
    return {status = "error", message = NAME .. " could not be kept: " .. err:message()}
  end
  -- An environment that can't be written to has the key or has none; those who need it will say so.
  return {
    status = "skipped",
    message = NAME
      .. " is not set, and its storage can't be written to: set it, or give the parameter env_storage one that can, such as env.storage.file"
  }
end

return {run = run}
