--- YAML text.
---
--- ```lua
--- local yaml = require("yaml")
---
--- local value = assert(yaml.decode("name: Ada\ntags: [maths, poetry]\n"))
--- assert(value.tags[1] == "maths")
--- print(yaml.encode(value))
--- ```

--- The YAML of a table. Fields in `field_order` come first; `sort_unordered` sorts the others.
function yaml.encode(data: {[any]: any}, options: {field_order?: {string}, sort_unordered?: boolean}?): (string?, error?)
--- The value of a YAML text.
function yaml.decode(data: string): (any, error?)
