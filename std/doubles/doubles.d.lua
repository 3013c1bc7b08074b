--- Puts other functions in the place of a module's, in this process alone. For tests.

--- All tables that the sources of this process know by a global name, the entry's own first.
function doubles.find(name: string): {{[string]: any}}
--- Assigns to a field, also of a module, whose tables are read-only otherwise; returns what was there.
function doubles.set(target: {[any]: any}, key: any, value: any): any
