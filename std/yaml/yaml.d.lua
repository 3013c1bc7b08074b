--- YAML text.

--- The YAML of a table. Fields in `field_order` come first; `sort_unordered` sorts the others.
function yaml.encode(data: {[any]: any}, options: {field_order?: {string}, sort_unordered?: boolean}?): (string?, error?)
--- The value of a YAML text.
function yaml.decode(data: string): (any, error?)
