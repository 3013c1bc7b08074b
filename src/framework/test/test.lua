--- Tests in the style of `describe` and `it`.
---
--- ```lua
--- local test = require("test")
---
--- local function define_tests()
---   test.describe("calculator", function()
---     test.it("adds numbers", function()
---       test.eq(1 + 1, 2)
---     end)
---   end)
--- end
---
--- return { run = test.run_cases(define_tests) }
--- ```

local ctx = require("ctx")
local time = require("time")

--- Taken now: tests may replace them, and what is told goes to the real ones.
local send = process.send
local now = time.now

local TOPIC = "test:update"

--- Where a run is told of. Without it the context values `parent_pid` and `test_topic` say.
type Options = {pid?: string, topic?: string, ref_id?: string}

local M = {}

--- Topics of what a run tells.
M.event = {
  DISCOVER = "test:discover",
  PLAN = "test:plan",
  CASE_START = "test:case:start",
  CASE_PASS = "test:case:pass",
  CASE_FAIL = "test:case:fail",
  CASE_SKIP = "test:case:skip",
  COMPLETE = "test:complete",
  ERROR = "test:error",
}

for name, assertion in pairs(assertions) do M[name] = assertion end
M.mock = mocks.mock
M.mock_process = mocks.mock_process
M.restore_mock = mocks.restore_mock
M.restore_all_mocks = mocks.restore_all_mocks
M.register_mock_namespace = mocks.register_mock_namespace

--- The suite that is being defined; nil outside of `run_cases`.
local current: any = nil

--- Opens a suite. Suites may stand in suites.
function M.describe(name: string, fn: any)
  if current == nil then
    error("test.describe: call it inside the function given to test.run_cases", 2)
  end
  local outer = current
  current = suites.new(name, outer)
  outer.items[#outer.items + 1] = current
  local ok, err = pcall(fn)
  current = outer
  if not ok then error(err, 0) end
end

M.spec = M.describe
M.context = M.describe

local function add_case(what: string, name: string, fn: any, is_skipped: boolean)
  if current == nil then
    error(what .. ": call it inside the function given to test.run_cases", 3)
  end
  if type(fn) ~= "function" and not is_skipped then error(what .. ": a name and a function", 3) end
  current.items[#current.items + 1] = {
    kind = "case",
    name = name,
    run = fn,
    is_skipped = is_skipped
  }
end

--- One case: it passes unless it raises.
function M.it(name: string, fn: any)
  add_case("test.it", name, fn, false)
end

--- A case that is not run, only counted.
function M.it_skip(name: string, fn: any)
  add_case("test.it_skip", name, fn, true)
end

for _, hook in ipairs({"before_all", "after_all", "before_each", "after_each"}) do
  --- A hook of the suite that is being defined.
  M[hook] = function(fn: any)
    if current == nil or current.parent == nil then
      error("test." .. hook .. ": call it inside a describe", 2)
    end
    if type(fn) ~= "function" then error("test." .. hook .. ": a function", 2) end
    local hooks = current.hooks[hook]
    hooks[#hooks + 1] = fn
  end
end

--- Names that are globals while a run goes on.
local GLOBALS = {
  "describe", "it", "it_skip", "before_all", "after_all", "before_each", "after_each", "mock",
  "mock_process", "restore_mock", "restore_all_mocks",
}

local function milliseconds(since: time.Time): integer
  return now():sub(since):milliseconds()
end

--- Tells whoever runs this test; nobody when nobody asked.
local function teller(options: Options): (event: string, data: any) -> ()
  local pid = options.pid or (ctx.get("parent_pid"))
  local topic = options.topic or (ctx.get("test_topic")) or TOPIC
  return function(event: string, data: any)
    if pid == nil then return end
    send(pid, topic, {type = event, ref_id = options.ref_id, data = data})
  end
end

--- Collects the outcome of a run as its table says it.
local function outcome_of(options: Options): any
  return {
    status = "ok",
    timestamp = now():unix(),
    total_tests = 0,
    passed_tests = 0,
    failed_tests = 0,
    skipped_tests = 0,
    duration_ms = 0,
    test_suites = {},
    ref_id = options.ref_id,
  }
end

local EVENT_OF = {pass = M.event.CASE_PASS, fail = M.event.CASE_FAIL, skip = M.event.CASE_SKIP}

local function record(outcome: any, suite: any, test: any)
  outcome.total_tests = outcome.total_tests + 1
  local counter = test.status == "pass" and "passed_tests"
    or test.status == "fail" and "failed_tests"
    or "skipped_tests"
  outcome[counter] = outcome[counter] + 1
  local entry = outcome.test_suites[suite.path]
  if entry == nil then
    entry = {name = suite.path, status = "ok", tests = {}}
    outcome.test_suites[suite.path] = entry
  end
  entry.tests[#entry.tests + 1] = test
  if test.status == "fail" then
    entry.status = "error"
    outcome.status = "error"
  end
end

local function run_suites(root: any, outcome: any, tell: (event: string, data: any) -> ())
  local started = now()
  local kept = mocks.count()
  suites.run(root, {
    started = function(suite: any, name: string)
      started = now()
      kept = mocks.count()
      tell(M.event.CASE_START, {suite = suite.path, test = name})
    end,
    ended = function(suite: any, name: string, status: string, failure: any)
      local took = status == "skip" and 0 or milliseconds(started)
      local message = failure and failure.message or nil
      record(outcome, suite, {name = name, status = status, duration_ms = took, error = message})
      tell(EVENT_OF[status], {
        suite = suite.path,
        test = name,
        duration = took,
        error = message,
        trace = failure and failure.trace or nil,
      })
    end,
    clean = function() mocks.restore_to(kept) end,
  })
end

--- Puts `GLOBALS` into every environment of this process where their names are free; returns how to take them out again.
local function open_globals(): () -> ()
  local opened = {}
  for _, environment in ipairs(mocks.environments()) do
    for _, name in ipairs(GLOBALS) do
      if rawget(environment, name) == nil then
        rawset(environment, name, M[name])
        opened[#opened + 1] = {environment, name}
      end
    end
  end
  return function()
    for _, place in ipairs(opened) do rawset(place[1], place[2], nil) end
  end
end

local function define(fn: any): any
  local root = suites.new("", nil)
  local outer = current
  current = root
  local ok, err = pcall(fn)
  current = outer
  if not ok then error(err, 0) end
  return root
end

--- A function that defines the cases of `fn`, runs them and returns how they ended.
function M.run_cases(fn: any): (options: any) -> any
  if type(fn) ~= "function" then error("test.run_cases: a function that defines tests", 2) end
  return function(given: any): any
    local options: Options = type(given) == "table" and given or {}
    local tell = teller(options)
    local outcome = outcome_of(options)
    local started = now()
    local close_globals = open_globals()
    local ok, err = pcall(function()
      local root = define(fn)
      local listed = {}
      for i, suite in ipairs(suites.with_cases(root)) do
        listed[i] = {name = suite.path, tests = suites.count(suite, false)}
      end
      tell(M.event.DISCOVER, {suites = listed})
      tell(M.event.PLAN, {total = suites.count(root, true)})
      run_suites(root, outcome, tell)
    end)
    mocks.restore_all_mocks()
    close_globals()
    outcome.duration_ms = milliseconds(started)
    if not ok then
      tell(M.event.ERROR, {error = tostring(err)})
      error(err, 0)
    end
    tell(M.event.COMPLETE, {
      total = outcome.total_tests,
      passed = outcome.passed_tests,
      failed = outcome.failed_tests,
      skipped = outcome.skipped_tests,
      duration = outcome.duration_ms,
    })
    return outcome
  end
end

return M
