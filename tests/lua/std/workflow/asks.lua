-- modules: workflow

local function run(...)
  return process.exec((...), "case:worker", select(2, ...))
end

local function failure(kind, message, value, err)
  assert(value == nil, "it succeeded")
  assert(err:kind() == kind and err:message() == message and err:retryable() == false, tostring(err))
end

test("info tells of the run, its type, queue and history [workflow.info] [workflow.history]", function()
  local info = assert(run("case:facts"))
  assert(info.workflow_type == "Facts" and info.task_queue == "eu-orders" and info.namespace == "shop")
  assert(info.attempt == 1 and info.history_length == 1 and info.history_size > 0)
  assert(#info.run_id == 36 and info.workflow_id ~= "")
  assert(assert(run("case:facts")).run_id ~= info.run_id)
end)

test("exec gives the result of a child, or its error [workflow.exec]", function()
  assert(run("case:parent", "Ada") == "Hello, Ada and Hello, Eve")
  failure(errors.INVALID, "no name", run("case:parent", ""))
end)

test("the first call for a change decides [workflow.version]", function()
  local versions = assert(run("case:decides"))
  assert(table.concat(versions, ",") == "3,3,7", table.concat(versions, ","))
end)

test("attributes are checked [workflow.attrs]", function()
  assert(run("case:describes", { search = { status = "open", tags = { "a" }, n = 1.5, paid = true }, memo = { note = { "x" } } }))
  assert(run("case:describes", {}))
  failure(errors.INVALID, "unknown field of attributes: tags; there are search and memo", run("case:describes", { tags = {} }))
  failure(errors.INVALID, "search.a must be a text, a number, a boolean or a list of texts", run("case:describes", { search = { a = { b = 1 } } }))
end)

test("outside of a workflow there is nothing to ask [workflow.info]", function()
  for _, name in ipairs({ "info", "exec", "version", "attrs", "history_length", "history_size" }) do
    failure(errors.INVALID, "case:main is not a workflow, or does not run as one", workflow[name]())
  end
end)
