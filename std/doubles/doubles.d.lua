--- Puts other functions in the place of a module's, in this process alone. For tests.
---
--- ```lua
--- local doubles = require("doubles")
--- local funcs = require("funcs")
---
--- local original = doubles.set(funcs, "call", function(id) return "called " .. id end)
--- assert(funcs.call("app:greet") == "called app:greet")
--- doubles.set(funcs, "call", original)
--- assert(funcs.call("app:greet", "Ada") == "Hello, Ada")
--- ```

--- All tables that the sources of this process know by a global name, the entry's own first.
function doubles.find(name: string): {{[string]: any}}
--- Assigns to a field, also of a module, whose tables are read-only otherwise; returns what was there.
function doubles.set(target: {[any]: any}, key: any, value: any): any
