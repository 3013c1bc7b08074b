--- Values that travel with calls and spawns.
---
--- ```lua
--- local funcs = require("funcs")
--- local ctx = require("ctx")
---
--- -- The function called finds request_id with ctx.get("request_id").
--- local executor = funcs.new():with_context({ request_id = "r-17" })
--- assert(executor:call("app:request_id") == "r-17")
---
--- local value, err = ctx.get("request_id")
--- assert(value == nil and err:kind() == errors.NOT_FOUND, "here it is not set")
--- ```

--- The value under a key; NOT_FOUND when nobody set it.
function ctx.get(key: string): (any, error?)
--- All values.
function ctx.all(): ({[string]: any}?, error?)
