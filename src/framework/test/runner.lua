--- Finds tests, runs them, tells how they ended.
---
--- R1. Entries of one suite run one after the other, in order; suites run beside each other, or one by one with `--sequential`.
--- R2. What is printed is in order, whatever ended first.
--- R3. An entry that told of cases is judged by them; any other by what it returned or raised.

local funcs = require("funcs")
local io = require("io")
local registry = require("registry")
local time = require("time")

local TOPIC = "test:update"
local TIMEOUT = "30s"
--- Suites that run at once.
local SUITES_MAX = 8
local OWN_PREFIX = "wippy.test:"

--- What was asked for on the command line; `host` is told the results and knows where sources are.
type Request = {
  words: {string},
  module: string?,
  is_sequential: boolean,
  is_quiet: boolean,
  is_coloured: boolean,
  host: string?
}

local function request_of(...: any): Request
  local words = {}
  local flags = {}
  for _, word in ipairs({...}) do
    local flag, value = tostring(word):match("^%-%-(%a+)=?(.*)$")
    if flag then flags[flag] = value else words[#words + 1] = word end
  end
  return {
    words = words,
    module = flags.module,
    is_sequential = flags.sequential ~= nil,
    is_quiet = flags.quiet ~= nil,
    is_coloured = flags.colour ~= nil,
    host = flags.host,
  }
end

local function is_chosen(entry: registry.Entry, request: Request): boolean
  if not entry.kind:match("^function%.") then return false end
  if request.module ~= nil and entry.meta.module ~= request.module then return false end
  for _, word in ipairs(request.words) do
    if entry.id:find(word, 1, true) then return true end
  end
  return #request.words == 0
end

local function text_or(value: any, other: string): string
  if type(value) == "string" and value ~= "" then return value end
  return other
end

--- Most ids that are named when no test fits.
local IDS_SHOWN_MAX = 5

--- Why there is nothing to run.
local function nothing_found(request: Request): {string}
  local ids = {}
  for _, entry in ipairs(assert(registry.find({["meta.type"] = "test"}))) do
    ids[#ids + 1] = entry.id
  end
  if #ids == 0 then
    return {"No tests found.", "", "A test is a function.lua entry with meta.type: test."}
  end
  table.sort(ids)
  local shown = table.concat(ids, ", ", 1, math.min(#ids, IDS_SHOWN_MAX))
  local more = #ids > IDS_SHOWN_MAX and ", ..." or ""
  local words = #request.words == 0 and tostring(request.module)
    or table.concat(request.words, " or ")
  return {
    "No tests found.",
    "",
    "None of " .. #ids .. " has " .. words .. " in its id: " .. shown .. more
  }
end

--- The chosen tests by suite, suites by name, tests by `meta.order`, then id.
local function find_suites(request: Request): {any}
  local by_name, all = {}, {}
  for _, entry in ipairs(assert(registry.find({["meta.type"] = "test"}))) do
    if is_chosen(entry, request) then
      local name = text_or(entry.meta.suite, "other")
      local suite = by_name[name]
      if suite == nil then
        suite = {name = name, entries = {}, cases = {}, duration_ms = 0}
        by_name[name] = suite
        all[#all + 1] = suite
      end
      suite.entries[#suite.entries + 1] = {
        id = entry.id,
        name = text_or(entry.meta.name, entry.id:match(":(.*)$") or entry.id),
        order = type(entry.meta.order) == "number" and entry.meta.order or 0,
        timeout = entry.meta.timeout or TIMEOUT,
        is_skipped = entry.meta.skip == true,
      }
    end
  end
  table.sort(all, function(a: any, b: any): boolean return a.name < b.name end)
  for _, suite in ipairs(all) do
    table.sort(suite.entries, function(a: any, b: any): boolean
      if a.order ~= b.order then return a.order < b.order end
      return a.id < b.id
    end)
  end
  return all
end

--- Sorts what tests tell by the test that tells it.
type Collector = {open: (id: string) -> (), close: (id: string) -> {any}}

local function new_collector(): Collector
  local told: {[string]: {any}} = {}
  local closing: {[string]: channel.Channel<boolean>} = {}
  local updates = assert(process.listen(TOPIC))
  coroutine.spawn(function()
    while true do
      local update, is_open = updates:receive()
      if not is_open then return end
      local id = type(update) == "table" and update.ref_id or nil
      if id ~= nil and closing[id] ~= nil and update.type == "runner:closed" then
        closing[id]:send(true)
      elseif id ~= nil and told[id] ~= nil then
        table.insert(told[id], update)
      end
    end
  end)
  return {
    open = function(id: string) told[id] = {} end,
    close = function(id: string): {any}
      -- A message to itself comes after all that the test has sent: once it is there nothing is missing.
      closing[id] = channel.new(1)
      process.send(process.pid(), TOPIC, {ref_id = id, type = "runner:closed"})
      closing[id]:receive()
      local updates_of = told[id]
      told[id], closing[id] = nil, nil
      return updates_of
    end,
  }
end

local STATUS = {
  ["test:case:pass"] = "pass",
  ["test:case:fail"] = "fail",
  ["test:case:skip"] = "skip"
}

local function trace_of(err: any): {any}
  local trace = {}
  local stack = type(err) ~= "string" and errors.call_stack(err) or nil
  for _, frame in ipairs(stack and stack.frames or {}) do
    if frame.line > 0 and frame.source:sub(1, #OWN_PREFIX) ~= OWN_PREFIX then
      trace[#trace + 1] = {source = frame.source, line = frame.line, name = frame.name}
    end
  end
  return trace
end

--- Moves the place in front of a message into the trace, unless it is there already.
local function place(case: any): any
  local source, line, text = (case.error or ""):match("^([%w_.%-]+:[%w_.%-]+):(%d+): (.*)$")
  if source == nil then return case end
  case.error = text
  case.trace = case.trace or {}
  local first = case.trace[1]
  local is_known = first ~= nil and first.source == source and first.line == tonumber(line)
  if not is_known and source:sub(1, #OWN_PREFIX) ~= OWN_PREFIX then
    table.insert(case.trace, 1, {source = source, line = tonumber(line)})
  end
  return case
end

local function cases_of(entry: any, updates: {any}): ({any}, boolean, any)
  local cases, has_failed, broken = {}, false, nil
  for _, update in ipairs(updates) do
    local status = STATUS[update.type]
    local data = update.data or {}
    if status ~= nil then
      cases[#cases + 1] = place({
        id = entry.id,
        path = data.suite,
        name = data.test,
        status = status,
        duration_ms = data.duration or 0,
        error = data.error,
        trace = data.trace,
      })
      has_failed = has_failed or status == "fail"
    elseif update.type == "test:error" then
      broken = data.error
    end
  end
  return cases, has_failed, broken
end

--- Runs one entry; its cases.
local function run_entry(entry: any, collector: Collector): {any}
  local simple = {id = entry.id, name = entry.name, status = "skip", duration_ms = 0}
  if entry.is_skipped then return {simple} end
  collector.open(entry.id)
  local started = time.now()
  local executor, value, err = funcs.new():with_options({timeout = entry.timeout}), nil, nil
  if executor ~= nil then
    value, err = executor:call(entry.id, {pid = process.pid(), topic = TOPIC, ref_id = entry.id})
  else
    err = errors.new(entry.id .. ": meta.timeout is no duration: " .. tostring(entry.timeout))
  end
  simple.duration_ms = time.now():sub(started):milliseconds()
  local cases, has_failed, broken = cases_of(entry, collector.close(entry.id))
  local is_told = #cases > 0 or broken ~= nil
  if err ~= nil and not (has_failed and broken == nil) then
    local is_late = errors.is(err, errors.TIMEOUT)
    simple.status = "fail"
    simple.error = is_late and "no result after " .. tostring(entry.timeout) or tostring(err)
    simple.trace = is_late and {} or trace_of(err)
    cases[#cases + 1] = place(simple)
  elseif value == false and not is_told then
    simple.status = "fail"
    simple.error = "returned false"
    cases[#cases + 1] = simple
  elseif not is_told then
    simple.status = "pass"
    cases[#cases + 1] = simple
  end
  return cases
end

local function run_suite(suite: any, collector: Collector)
  local started = time.now()
  for _, entry in ipairs(suite.entries) do
    for _, case in ipairs(run_entry(entry, collector)) do suite.cases[#suite.cases + 1] = case end
  end
  suite.duration_ms = time.now():sub(started):milliseconds()
end

--- Runs all suites; a channel tells the number of each that has ended.
local function run_all(
  suites: {any},
  collector: Collector,
  at_once: integer
): channel.Channel<integer>
  local ended = channel.new(#suites)
  local next_suite = 1
  for _ = 1, math.min(at_once, #suites) do
    coroutine.spawn(function()
      while next_suite <= #suites do
        local number = next_suite
        next_suite = number + 1
        run_suite(suites[number], collector)
        ended:send(number)
      end
    end)
  end
  return ended
end

--- Names places as the host does; as entry and line without one.
local function namer(host: string?): (source: string, line: integer) -> string
  if host == nil then
    return function(source: string, line: integer): string return source .. ":" .. line end
  end
  local answers = assert(process.listen("test:place"))
  return function(source: string, line: integer): string
    process.send(host, "test:place", source, line)
    return tostring((answers:receive()))
  end
end

local function main(...: any): integer
  local request = request_of(...)
  local look = {is_coloured = request.is_coloured, place = namer(request.host)}
  local print_lines = function(lines: {string})
    if request.is_quiet then return end
    local _, err = io.print(table.concat(lines, "\n"))
    if err ~= nil then error(err, 0) end
  end
  local suites = find_suites(request)
  local started = time.now()
  local events = process.events()
  if #suites == 0 then
    print_lines(nothing_found(request))
  end
  local ended = run_all(suites, new_collector(), request.is_sequential and 1 or SUITES_MAX)
  local has_ended: {[integer]: boolean} = {}
  local printed = 0
  while printed < #suites do
    local case = channel.select({ended:case_receive(), events:case_receive()})
    if case.channel == events then
      if case.value.kind == process.event.CANCEL then return 1 end
    else
      has_ended[case.value] = true
      while has_ended[printed + 1] do
        printed = printed + 1
        print_lines(report.suite(look, suites[printed]))
      end
    end
  end
  local duration_ms = time.now():sub(started):milliseconds()
  local line, is_fine = report.summary(look, suites, duration_ms)
  if #suites > 0 then print_lines({line}) end
  if request.host ~= nil then process.send(request.host, "test:results", suites, duration_ms) end
  return is_fine and 0 or 1
end

return {main = main}
