local json = require("json")
local shapes = require("shapes")
local value: shapes.Shape = json.decode("1")
return value
