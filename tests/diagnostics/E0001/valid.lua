type Status = "on" | "off"
local status: Status = "on"
local list: {number} = {1, 2.5}
local function pick(flag: boolean): number | string
  return flag and 1 or "one"
end
print(status, list[1] + 1, pick(true))
