--- Pages, mails and other documents made from templates.
---
--- ```lua
--- local templates = require("templates")
---
--- -- app:pages is a template.set; app:hello a template.jet in it: Hello, {{ name }}!
--- local set = assert(templates.get("app:pages"))
--- assert(set:render("hello", { name = "Ada" }) == "Hello, Ada!")
--- set:release()
--- ```

--- A set of templates.
type templates.Set = {
  --- The text of a template with `data` as its variables.
  render: (self: templates.Set, name: string, data: {[string]: any}?) -> (string?, error?),
  --- Gives the set back; it renders nothing any more.
  release: (self: templates.Set) -> boolean,
}

--- The template set of an entry.
function templates.get(id: string): (templates.Set?, error?)
