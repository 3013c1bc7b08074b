--- Variables of the application: registered names whose values come from storages.
---
--- ```lua
--- local env = require("env")
---
--- -- An env.variable entry names the variable and where it is kept.
--- assert(env.set("GREETING", "hello"))
--- assert(env.get("GREETING") == "hello")
---
--- local value, err = env.get("NOWHERE")
--- assert(value == nil and err:kind() == errors.NOT_FOUND)
--- ```

--- The value of a variable, by public name or entry id; NOT_FOUND when it is not registered or has no value.
function env.get(key: string): (string?, error?)
--- Sets a variable; PERMISSION_DENIED when it, or its storage, is read-only.
function env.set(key: string, value: string): (boolean?, error?)
--- All public variables that have a value and that the caller may read.
function env.get_all(): ({[string]: string}?, error?)
