local json = require("json")
--    ^^^^ W0006
local name = "x"
return name
