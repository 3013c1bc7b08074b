-- modules: funcs, time
-- imports: t=wippy.test:test

--- Runs a definition; its result.
local function run(define, options)
  return t.run_cases(define)(options)
end

local function statuses(result, path)
  local out = {}
  for i, case in ipairs(result.test_suites[path].tests) do out[i] = case.name .. "=" .. case.status end
  return table.concat(out, " ")
end

test("suites nest, and their paths are joined [test.describe] [test.suite.path] [test.alias]", function()
  local result = run(function()
    t.describe("user", function()
      t.it("is there", function() end)
      t.spec("validation", function()
        t.context("of names", function() t.it("works", function() end) end)
      end)
    end)
  end)
  assert(statuses(result, "user") == "is there=pass")
  assert(statuses(result, "user > validation > of names") == "works=pass")
  assert(result.test_suites["user > validation"] == nil)
end)

test("a case passes unless it raises [test.it] [test.it_skip]", function()
  local ran = false
  local result = run(function()
    t.describe("s", function()
      t.it("good", function() return false end)
      t.it("bad", function() error("no luck") end)
      t.it_skip("later", function() ran = true end)
      t.it_skip("without a body")
    end)
  end)
  assert(statuses(result, "s") == "good=pass bad=fail later=skip without a body=skip" and not ran)
  assert(result.test_suites.s.tests[2].error:find("case:main:%d+: no luck$"))
  assert(result.failed_tests == 1 and result.passed_tests == 1 and result.skipped_tests == 2)
end)

test("hooks of outer suites come first and leave last [test.hook.before_each] [test.hook.after_each]", function()
  local order = {}
  local function note(word) return function() order[#order + 1] = word end end
  run(function()
    t.describe("outer", function()
      t.before_each(note("outer+"))
      t.after_each(note("outer-"))
      t.describe("inner", function()
        t.before_each(note("inner+"))
        t.after_each(note("inner-"))
        t.it("one", function() order[#order + 1] = "one"; error("fails") end)
        t.it_skip("not run", function() end)
      end)
    end)
  end)
  assert(table.concat(order, " ") == "outer+ inner+ one inner- outer-", table.concat(order, " "))
end)

test("before_all and after_all run once [test.hook.before_all] [test.hook.after_all]", function()
  local order = {}
  local function note(word) return function() order[#order + 1] = word end end
  local result = run(function()
    t.describe("a", function()
      t.before_all(note("begin"))
      t.after_all(note("end"))
      t.it("one", note("one"))
      t.describe("b", function() t.it("two", note("two")) end)
    end)
    t.describe("idle", function()
      t.before_all(note("never"))
      t.it_skip("skipped", note("never"))
    end)
    t.describe("broken", function()
      t.before_all(function() error("no database") end)
      t.it("fails with it", note("never"))
    end)
    t.describe("untidy", function()
      t.after_all(function() error("still open") end)
      t.it("fine", function() end)
    end)
  end)
  assert(table.concat(order, " ") == "begin one two end", table.concat(order, " "))
  assert(result.test_suites.broken.tests[1].error:find("no database", 1, true))
  assert(statuses(result, "untidy") == "fine=pass after_all=fail")
end)

test("a hook that fails fails the case, whose after_each still runs", function()
  local after = 0
  local result = run(function()
    t.describe("s", function()
      t.before_each(function() error("first") end)
      t.after_each(function() after = after + 1 end)
      t.it("never runs", function() after = 100 end)
    end)
    t.describe("late", function()
      t.after_each(function() error("last") end)
      t.it("fails afterwards", function() end)
    end)
  end)
  assert(after == 1 and statuses(result, "s") == "never runs=fail" and statuses(result, "late") == "fails afterwards=fail")
end)

test("hooks and cases outside of a definition raise [test.hook.outside]", function()
  for _, name in ipairs({ "before_all", "after_all", "before_each", "after_each" }) do
    local ok, err = pcall(t[name], function() end)
    assert(not ok and tostring(err):find("inside a describe", 1, true))
    ok, err = pcall(run, function() t[name](function() end) end)
    assert(not ok and tostring(err):find("inside a describe", 1, true))
  end
  assert(not pcall(t.describe, "x", function() end) and not pcall(t.it, "x", function() end))
  assert(not pcall(t.run_cases, "no function"))
end)

test("run_cases gives a function that can run again [test.run_cases]", function()
  local runs = 0
  local run_again = t.run_cases(function()
    t.describe("s", function() t.it("counts", function() runs = runs + 1 end) end)
  end)
  assert(runs == 0 and run_again({}).total_tests == 1 and run_again().total_tests == 1 and runs == 2)
end)

test("while cases are defined the words are globals [test.run_cases.globals]", function()
  local names = {
    "describe", "it", "it_skip", "before_all", "after_all", "before_each", "after_each",
    "mock", "mock_process", "restore_mock", "restore_all_mocks",
  }
  _G.mock = "mine"
  local result = run(function()
    for _, name in ipairs(names) do
      if name ~= "mock" then assert(_G[name] == t[name], name) end
    end
    describe("s", function() it("works", function() mock_process("pid", function() return "p" end) end) end)
  end)
  assert(result.passed_tests == 1 and _G.mock == "mine")
  _G.mock = nil
  for _, name in ipairs(names) do assert(rawget(_G, name) == nil, name) end
end)

test("the result tells totals and each suite [test.result] [test.result.suite]", function()
  local before = time.now():unix()
  local result = run(function()
    t.describe("s", function()
      t.it("good", function() end)
      t.it("bad", function() t.fail("why") end)
      t.it_skip("later", function() end)
    end)
    t.describe("fine", function() t.it("good", function() end) end)
  end, { ref_id = "app:x" })
  assert(result.status == "error" and result.ref_id == "app:x")
  assert(result.timestamp >= before and result.timestamp <= time.now():unix())
  assert(result.total_tests == 4 and result.passed_tests == 2 and result.failed_tests == 1)
  assert(math.type(result.duration_ms) == "integer" and result.duration_ms >= 0)
  local suite = result.test_suites.s
  assert(suite.name == "s" and suite.status == "error" and #suite.tests == 3)
  assert(result.test_suites.fine.status == "ok")
  local bad = suite.tests[2]
  assert(bad.name == "bad" and bad.status == "fail" and bad.error:find("why$") and bad.duration_ms >= 0)
  assert(suite.tests[1].error == nil and suite.tests[3].status == "skip")
  assert(run(function() end).status == "ok")
end)

--- What a run told on a topic, in order.
local function told(topic, fn)
  local updates = assert(process.listen(topic))
  fn()
  process.send(process.pid(), topic, { type = "over" })
  local list = {}
  while true do
    local update = updates:receive()
    if update.type == "over" then break end
    list[#list + 1] = update
  end
  process.unlisten(updates)
  return list
end

test("a run tells what it does [test.events]", function()
  local updates = told("here", function()
    run(function()
      t.describe("s", function()
        t.it("good", function() end)
        t.it("bad", function() error("no") end)
        t.it_skip("later", function() end)
      end)
    end, { pid = process.pid(), topic = "here", ref_id = "r" })
  end)
  local types = {}
  for i, update in ipairs(updates) do
    types[i] = update.type
    assert(update.ref_id == "r")
  end
  assert(table.concat(types, " ") == table.concat({
    t.event.DISCOVER, t.event.PLAN, t.event.CASE_START, t.event.CASE_PASS, t.event.CASE_START, t.event.CASE_FAIL,
    t.event.CASE_SKIP, t.event.COMPLETE,
  }, " "), table.concat(types, " "))
  assert(t.event.DISCOVER == "test:discover" and t.event.PLAN == "test:plan")
  assert(t.event.CASE_START == "test:case:start" and t.event.CASE_PASS == "test:case:pass")
  assert(t.event.CASE_FAIL == "test:case:fail" and t.event.CASE_SKIP == "test:case:skip")
  assert(t.event.COMPLETE == "test:complete" and t.event.ERROR == "test:error")
  assert(updates[2].data.total == 3 and updates[4].data.test == "good" and updates[6].data.error:find("no$"))
  assert(updates[6].data.trace[1].source == "case:main")
  assert(updates[8].data.passed == 1 and updates[8].data.failed == 1 and updates[8].data.skipped == 1)
  local broken = told("here", function()
    pcall(run, function() error("in the definition") end, { pid = process.pid(), topic = "here" })
  end)
  assert(#broken == 1 and broken[1].type == "test:error" and broken[1].data.error:find("in the definition", 1, true))
end)

test("without options the context says whom to tell [test.events.ctx]", function()
  local updates = told("test:update", function()
    assert(funcs.new():with_context({ parent_pid = process.pid() }):call("case:in_context"))
  end)
  assert(#updates == 5 and updates[5].type == "test:complete")
  updates = told("elsewhere", function()
    assert(funcs.new():with_context({ parent_pid = process.pid(), test_topic = "elsewhere" }):call("case:in_context"))
  end)
  assert(#updates == 5)
end)
