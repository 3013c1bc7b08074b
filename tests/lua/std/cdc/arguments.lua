-- modules: cdc

local function fails(kind, pattern, value, err)
  assert(value == nil, "it did not fail")
  assert(err:kind() == kind, err:kind() .. ": " .. err:message())
  assert(err:message():find(pattern), err:message())
end

test("sources are listed without asking their databases [cdc.list]", function()
  local sources = assert(cdc.list_sources())
  assert(#sources == 2 and sources[1].name == "case:first" and sources[2].name == "case:second")
  local first = assert(cdc.source("case:first"))
  assert(first.slot == "first" and first.publication == "pub" and #first.tables == 0)
  assert(first.streaming and not first.snapshot and not first.temporary and not first.failover)
  local second = assert(cdc.source("second"))
  assert(second.tables[1] == "public.users" and second.publication == "" and second.failover)
  local none, err = cdc.source("case:other")
  assert(none == nil and err == nil)
  fails("Invalid", "source name required", cdc.source(""))
end)

test("a stream checks what it is asked for [cdc.stream]", function()
  fails("Invalid", "source name required", cdc.stream())
  fails("Invalid", "source name required", cdc.stream(""))
  fails("Internal", "cdc source not found: case:other", cdc.stream("case:other"))
  fails("Internal", "cdc source not found: case:host", cdc.stream("case:host"))
  for _, buffer in ipairs({ 0, -1, 65537, 1.5, "many" }) do
    fails("Invalid", "invalid buffer size", cdc.stream("case:first", { buffer = buffer }))
  end
  fails("Invalid", "unknown operation in ops: upsert", cdc.stream("case:first", { ops = { "insert", "upsert" } }))
  fails("Invalid", "ops must be a list of strings", cdc.stream("case:first", { ops = "insert" }))
  fails("Invalid", "tables must be a list of strings", cdc.stream("case:first", { tables = { 1 } }))
  fails("Invalid", "schema.table, not users", cdc.stream("case:first", { tables = { "users" } }))
  for _, buffer in ipairs({ 1, 65536 }) do
    local stream = assert(cdc.stream("case:first", { buffer = buffer, ops = { "insert", "update", "delete", "truncate", "r" } }))
    assert(stream:close())
  end
end)

test("the first call of channel subscribes, later ones give the same; close closes it, again and again [cdc.channel] [cdc.close]", function()
  local stream = assert(cdc.stream("case:first"))
  local changes = assert(stream:channel())
  assert(stream:channel() == changes and stream:receive() == changes)
  assert(stream:close() and stream:close() and stream:release())
  local value, ok = changes:receive()
  assert(value == nil and ok == false)
  local other = assert(cdc.stream("case:first"))
  assert(other:release())
  fails("Invalid", "the stream is closed", other:channel())
end)
