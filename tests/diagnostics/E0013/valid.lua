local json = require("json")
local name = "dyn" .. "amic"
return json, require(name)
