--- Suites as they are defined, and how their cases run.
---
--- S1. Hooks of a suite run around its cases and those of the suites in it: `before_each` from the outside in, `after_each` from the
---     inside out, also after a case that failed.
--- S2. A suite of which no case runs runs none of its hooks.
--- S3. When `before_all` fails all cases of the suite fail with it. When `after_all` fails that is one failed case more.

--- One case.
type Case = {kind: string, name: string, run: any, is_skipped: boolean}

--- What was raised, and the frames of the tests it passed through, innermost first.
type Failure = {message: string, trace: {{source: string, line: integer, name: string?}}}

--- What a run tells while it goes on.
type Listener = {
  started: (suite: any, name: string) -> (),
  ended: (suite: any, name: string, status: string, failure: Failure?) -> (),
  clean: () -> ()
}

--- Sources that no trace shows.
local OWN_PREFIX = "wippy.test:"

local M = {}

local function failure_of(raised: any): Failure
  local message = raised == nil and "nil was raised" or tostring(raised)
  local stack = errors.call_stack(errors.new(message))
  local trace = {}
  for _, frame in ipairs(stack and stack.frames or {}) do
    if frame.line > 0 and frame.source:sub(1, #OWN_PREFIX) ~= OWN_PREFIX then
      trace[#trace + 1] = {source = frame.source, line = frame.line, name = frame.name}
    end
  end
  return {message = message, trace = trace}
end

--- Runs a function; how it failed, or nil.
local function attempt(fn: any): Failure?
  local ok, failure = xpcall(fn, failure_of)
  if ok then return nil end
  return failure
end

--- An empty suite inside `parent`.
function M.new(name: string, parent: any): any
  local path = name
  if parent ~= nil and parent.path ~= "" then path = parent.path .. " > " .. name end
  return {
    kind = "suite",
    name = name,
    path = path,
    parent = parent,
    items = {},
    hooks = {before_all = {}, after_all = {}, before_each = {}, after_each = {}},
  }
end

--- All suites that hold cases of their own, in order.
function M.with_cases(suite: any, found: {any}?): {any}
  local list = found or {}
  for _, item in ipairs(suite.items) do
    if item.kind == "case" then
      list[#list + 1] = suite
      break
    end
  end
  for _, item in ipairs(suite.items) do
    if item.kind == "suite" then M.with_cases(item, list) end
  end
  return list
end

--- Cases in a suite, with those below when `is_deep`.
function M.count(suite: any, is_deep: boolean): integer
  local count = 0
  for _, item in ipairs(suite.items) do
    if item.kind == "case" then
      count = count + 1
    elseif is_deep then
      count = count + M.count(item, true)
    end
  end
  return count
end

local function runs_any(suite: any): boolean
  for _, item in ipairs(suite.items) do
    if item.kind == "case" and not item.is_skipped then return true end
    if item.kind == "suite" and runs_any(item) then return true end
  end
  return false
end

--- Runs functions in order until one fails.
local function run_all(functions: {any}): Failure?
  for _, fn in ipairs(functions) do
    local failure = attempt(fn)
    if failure ~= nil then return failure end
  end
  return nil
end

local function before_each(suite: any): Failure?
  if suite == nil then return nil end
  return before_each(suite.parent) or run_all(suite.hooks.before_each)
end

local function after_each(suite: any): Failure?
  if suite == nil then return nil end
  local failure = run_all(suite.hooks.after_each)
  local outer = after_each(suite.parent)
  return failure or outer
end

local function run_case(suite: any, case: Case, listener: Listener)
  listener.started(suite, case.name)
  local failure = before_each(suite) or attempt(case.run)
  local after = after_each(suite)
  listener.clean()
  failure = failure or after
  listener.ended(suite, case.name, failure == nil and "pass" or "fail", failure)
end

--- Ends every case below with a failure; those that are skipped stay skipped.
local function fail_all(suite: any, failure: Failure, listener: Listener)
  for _, item in ipairs(suite.items) do
    if item.kind == "suite" then
      fail_all(item, failure, listener)
    elseif item.is_skipped then
      listener.ended(suite, item.name, "skip")
    else
      listener.started(suite, item.name)
      listener.ended(suite, item.name, "fail", failure)
    end
  end
end

--- Runs a suite and all below it.
function M.run(suite: any, listener: Listener)
  local has_hooks = runs_any(suite)
  local failure = has_hooks and run_all(suite.hooks.before_all) or nil
  if failure then
    fail_all(suite, failure, listener)
  else
    for _, item in ipairs(suite.items) do
      if item.kind == "suite" then
        M.run(item, listener)
      elseif item.is_skipped then
        listener.ended(suite, item.name, "skip")
      else
        run_case(suite, item, listener)
      end
    end
  end
  local after = has_hooks and run_all(suite.hooks.after_all) or nil
  if after then
    listener.started(suite, "after_all")
    listener.ended(suite, "after_all", "fail", after)
  end
end

return M
