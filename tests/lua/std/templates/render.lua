-- modules: templates

local function failure(kind, fn, ...)
  local result, err = fn(...)
  assert(result == nil and err, "no error")
  assert(err:kind() == kind and err:retryable() == false, err:kind() .. ": " .. err:message())
  return err:message()
end

test("get gives the set of an entry [template.get] [templates.get] [template.messages]", function()
  local set, err = templates.get("case:views")
  assert(err == nil and tostring(set) == "template.Set{}")
  assert(failure(errors.INVALID, templates.get, "") == "resource id is required")
  assert(failure(errors.INVALID, templates.get) == "resource id is required")
  assert(failure(errors.NOT_FOUND, templates.get, "case:nothing") == "template set not found: case:nothing")
  assert(failure(errors.NOT_FOUND, templates.get, "case:host"):find("not found", 1, true))
end)

test("render gives the text of a template [template.render] [templates.render] [template.messages]", function()
  local set = templates.get("case:views")
  local text, err = set:render("page", { name = "<Page>", items = { { name = "a" }, { name = "b" } } })
  assert(err == nil and text == "<title>My &lt;Page&gt;</title><body>0.a 1.b </body>\n", text)
  assert(set:render("page", { name = "x", items = {} }):find("<body>nothing</body>", 1, true))
  assert(failure(errors.INVALID, set.render, set, "") == "template name is required")
  assert(failure(errors.INVALID, set.render, set) == "template name is required")
  assert(failure(errors.INVALID, set.render, set, "page", "text") == "data must be a table")
  assert(failure(errors.NOT_FOUND, set.render, set, "nothing") == "template not found")
  local message = failure(errors.INTERNAL, set.render, set, "broken")
  assert(message == 'template "broken", line 2: "missing_variable" is not defined', message)
  assert(failure(errors.INTERNAL, set.render, set, "endless"):find("steps", 1, true))
end)

test("a released set renders nothing [template.release] [template.messages]", function()
  local set = templates.get("case:views")
  assert(set:release() == true and tostring(set) == "template.Set{released}")
  assert(failure(errors.INTERNAL, set.render, set, "page") == "template set is released")
  assert(set:release() == true)
  assert(templates.get("case:views"):render("shared/list", { items = {} }) == "nothing")
end)

test("templates read tables by names and places [template.syntax]", function()
  local set = templates.get("case:views")
  local data = {
    user = { name = "Ann" },
    items = { { name = "a", price = 1.5 }, { name = "b", price = 2 } },
    order = { processing = true },
    html = "<&>",
  }
  assert(set:render("syntax", data) == "Ann|1.5|P|a:1.5,b:2,|Wippy|&lt;&amp;&gt;", set:render("syntax", data))
  data.order.shipped = true
  assert(set:render("syntax", data):find("|S|", 1, true))
  data.order = {}
  assert(set:render("syntax", data):find("|R|", 1, true))
end)
