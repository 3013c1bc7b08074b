-- modules: loader, fs, registry
-- Definition files of a file system, read without being applied.

local function put(path, text)
  assert(fs.get("case:files"):writefile(path, text))
end

local function files()
  return assert(loader.new("case:files"))
end

test("a directory gives the entries of all its files, in order [undoc.module.loader]", function()
  local volume = fs.get("case:files")
  if not volume:isdir("app") then volume:mkdir("app") volume:mkdir("app/deep") end
  put("app/_index.yaml", "namespace: l\nentries:\n  - {name: one, kind: registry.entry, meta: {a: 1}, value: 7}\n  - {name: two, kind: function.lua, source: file://two.lua, method: run}\n")
  put("app/two.lua", "return 2")
  put("app/deep/single.yml", "namespace: l.deep\nname: three\nkind: registry.entry\ndata: {x: [1, 2]}\n")
  put("app/notes.yaml", "just: notes\n")
  local entries, err = files():load_directory("app")
  assert(err == nil, tostring(err))
  assert(#entries == 3)
  assert(entries[1].id == "l:one" and entries[1].kind == "registry.entry" and entries[1].meta.a == 1 and entries[1].data.value == 7)
  assert(entries[2].data.source == "return 2")
  assert(entries[3].id == "l.deep:three" and entries[3].data.x[2] == 2)
  assert(registry.get("l:one") == nil, "reading applies nothing")
end)

test("one file gives its entries [undoc.module.loader]", function()
  put("one.yaml", "namespace: f\nentries:\n  - {name: a, kind: registry.entry}\n")
  local entries = assert(files():load_file("one.yaml"))
  assert(#entries == 1 and entries[1].id == "f:a")
  put("empty.yaml", "namespace: f\nentries:\n")
  assert(#assert(files():load_file("/empty.yaml")) == 0)
end)

test("what can be loaded can be applied", function()
  put("apply.yaml", "namespace: applied\nentries:\n  - {name: a, kind: registry.entry, value: 1}\n")
  local changes = registry.snapshot():changes()
  for _, entry in ipairs(assert(files():load_file("apply.yaml"))) do assert(changes:create(entry)) end
  assert(changes:apply())
  assert(registry.get("applied:a").data.value == 1)
end)

test("wrong arguments are named [undoc.module.loader]", function()
  local made, err = loader.new("")
  assert(made == nil and err:kind() == errors.INVALID and err:message() == "filesystem name required")
  made, err = loader.new("case:none")
  assert(made == nil and err:kind() == errors.NOT_FOUND and err:message() == "filesystem 'case:none' not found")
  local entries, bad = files():load_directory("")
  assert(entries == nil and bad:kind() == errors.INVALID and bad:message() == "directory path required")
  entries, bad = files():load_file("")
  assert(entries == nil and bad:kind() == errors.INVALID and bad:message() == "file path required")
  entries, bad = files():load_file("none.yaml")
  assert(entries == nil and bad:kind() == errors.NOT_FOUND and bad:message() == "file not found: none.yaml")
  entries, bad = files():load_directory("none")
  assert(entries == nil and bad:kind() == errors.NOT_FOUND)
end)

test("mistakes in a file name it and the line [yaml.errors]", function()
  local function refused(text)
    put("bad.yaml", text)
    local entries, err = files():load_file("bad.yaml")
    assert(entries == nil and err:kind() == errors.INVALID)
    return err:message()
  end
  assert(refused("entries:\n  - {name: a, kind: k}\n") == "bad.yaml:1: missing namespace")
  assert(refused("namespace: n\nentries:\n  - {name: a, kind: k}\n  - kind: k\n") == "bad.yaml:4: missing name")
  assert(refused("namespace: n\nentries:\n  - {name: a}\n") == "bad.yaml:3: n:a: missing kind")
  assert(refused("namespace: n\nentries:\n  - name: 5\n    kind: k\n") == "bad.yaml:3: name is required and must be a non-empty string")
  assert(refused("namespace: n\nentries: [\n"):find("^bad.yaml:%d+: malformed YAML"))
  assert(refused("namespace: n\nentries:\n  - name: a\n    kind: k\n    source: file://gone.lua\n") == "bad.yaml:5: n:a: source: file not found: gone.lua")
  assert(refused("just: notes\n"):find("defines no entries"))
end)
