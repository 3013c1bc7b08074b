--- JSON text, and documents checked against schemas.
---
--- ```lua
--- local json = require("json")
---
--- local text = json.encode({ name = "Ada", tags = { "maths", "poetry" } })
--- local value = json.decode(text)
--- assert(value.name == "Ada" and value.tags[2] == "poetry")
---
--- local nothing, err = json.decode('{"broken": ')
--- assert(nothing == nil and err:kind() == errors.INTERNAL or err:kind() == errors.INVALID)
--- ```

--- The JSON of a value. A table with keys 1..n is an array, one with text keys an object.
function json.encode(value: any): (string?, error?)
--- The value of a JSON text.
function json.decode(str: string): (any, error?)
--- Whether a value fits a schema (JSON Schema, a table or JSON text); when not, the error says why.
function json.validate(schema: {[any]: any} | string, value: any): (boolean?, error?)
--- Whether a JSON text fits a schema.
function json.validate_string(schema: {[any]: any} | string, json_str: string): (boolean?, error?)
