type Id = string
local used: Id, _unused = "a", 2
local file <close> = nil
for _, value in ipairs({}) do print(value) end
return used
