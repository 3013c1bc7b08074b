--- Pages, mails and other documents made from templates.

--- A set of templates.
type templates.Set = {
  --- The text of a template with `data` as its variables.
  render: (self: templates.Set, name: string, data: {[string]: any}?) -> (string?, error?),
  --- Gives the set back; it renders nothing any more.
  release: (self: templates.Set) -> boolean,
}

--- The template set of an entry.
function templates.get(id: string): (templates.Set?, error?)
