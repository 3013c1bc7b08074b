-- modules: hub

local questions = {
  function(...) return hub.modules.list(...) end,
  function(...) return hub.modules.search("terminal", ...) end,
  function(...) return hub.modules.get("acme/http", ...) end,
  function(...) return hub.modules.readme("acme/http", ...) end,
  function(...) return hub.versions.list("acme/http", ...) end,
  function(...) return hub.versions.get("acme/http", "1.0.0", ...) end,
  function(...) return hub.versions.inspect("acme/http", "1.0.0", ...) end,
  function(...) return hub.versions.open("acme/http", "1.0.0", ...) end,
  function(...) return hub.dependencies.get("acme/http", "1.0.0", ...) end,
  function(...) return hub.dependencies.get("acme/http", ...) end,
  function(...) return hub.dependencies.get("acme/http", nil, ...) end,
  function(...) return hub.dependents.get("acme/http", ...) end,
  function(...) return hub.files.list("acme/http", "1.0.0", ...) end,
}

local function refused(kind, value, err)
  assert(value == nil and err:kind() == kind, tostring(err))
  assert(err:retryable() == false)
  return err:message()
end

test("what only a hub can answer is Unavailable, and says what to do", function()
  for _, ask in ipairs(questions) do
    local message = refused(errors.UNAVAILABLE, ask())
    assert(message:find("wippy add ./folder", 1, true), message)
    message = refused(errors.UNAVAILABLE, ask({ registry = "https://hub.example.com/", timeout = "3m", token = "t" }))
    assert(message:find("https://hub.example.com:", 1, true), message)
  end
end)

test("options that can't be meant are Invalid before anything is asked", function()
  for _, ask in ipairs(questions) do
    for name, value in pairs({ registry = "ftp://x", token = "", timeout = "soon", page = 0, page_size = 1.5,
      visibility = "secret", type = "thing", sort_order = "random", keywords = "one", license = 5, org = "",
      include_deprecated = "yes", include_yanked = 1, version = {} }) do
      local message = refused(errors.INVALID, ask({ [name] = value }))
      assert(message:find(name, 1, true), message)
    end
  end
  refused(errors.INVALID, hub.modules.list({ timeout = 0 }))
  refused(errors.INVALID, hub.modules.list({ registry = "http://hub.example.com" }))
  refused(errors.UNAVAILABLE, hub.modules.list({ registry = "http://localhost:8080", timeout = 1.5 }))
  refused(errors.UNAVAILABLE, hub.modules.readme("acme/http", { version = { label = "latest" } }))
  refused(errors.UNAVAILABLE, hub.modules.list({ constructor = true, toString = 1 }))
end)

test("what a question is about has to be said", function()
  for _, ask in ipairs({ hub.modules.search, hub.modules.get, hub.versions.list, hub.dependents.get, hub.auth.authenticate }) do
    refused(errors.INVALID, ask(""))
    assert(not pcall(ask))
    assert(not pcall(ask, 5))
  end
  assert(not pcall(hub.files.list, "acme/http"), "files are those of a version")
  assert(not pcall(hub.versions.get, "acme/http", {}))
end)

test("nobody is logged in, and a token that nobody has looked at is not kept", function()
  refused(errors.UNAVAILABLE, hub.auth.authenticate("wpy_token", "https://hub.example.com"))
  local status = assert(hub.auth.status("https://hub.example.com"))
  assert(status.authenticated == false and status.registry == "https://hub.example.com" and #status.orgs == 0)
  assert(status.username == nil and status.expired == nil)
  assert(hub.auth.status().registry:find("^https://"))
  assert(hub.auth.logout() == true)
end)
