--- Results as lines for a terminal.

--- Frames of a failure that are shown.
local FRAMES_MAX = 4

local MARKS = {pass = "o", fail = "x", skip = "-"}
local COLOURS = {pass = "32", fail = "31", skip = "2"}

local M = {}

--- How lines are made: with colours or without, and what a place in a source is called.
type Look = {is_coloured: boolean, place: (source: string, line: integer) -> string}

local function painted(look: Look, colour: string, text: string): string
  if not look.is_coloured then return text end
  return "\27[" .. colour .. "m" .. text .. "\27[0m"
end

local function count(cases: {any}, status: string): integer
  local found = 0
  for _, case in ipairs(cases) do
    if case.status == status then found = found + 1 end
  end
  return found
end

local function failure_lines(look: Look, case: any, out: {string})
  for line in ((case.error or "failed") .. "\n"):gmatch("(.-)\n") do
    local colour = line:match("^%s*%+ ") and "32" or "31"
    out[#out + 1] = "        " .. painted(look, colour, line)
  end
  for i, frame in ipairs(case.trace or {}) do
    if i > FRAMES_MAX then break end
    local name = frame.name ~= nil and frame.name ~= "?" and " " .. frame.name or ""
    out[#out + 1] = "        "
      .. painted(look, "2", "at " .. look.place(frame.source, frame.line) .. name)
  end
  if case.path ~= nil and case.path:find(" > ", 1, true) then
    out[#out + 1] = "        " .. painted(look, "2", "in " .. case.path)
  end
end

--- The lines of one suite: how many passed of how many, then each case.
function M.suite(look: Look, suite: any): {string}
  local total, passed, skipped = #suite.cases, count(suite.cases, "pass"),
    count(suite.cases, "skip")
  local head = "  " .. painted(look, "1", suite.name) .. " (" .. total .. ")  " .. passed .. "/"
    .. total
  if skipped > 0 then head = head .. "  " .. skipped .. " skipped" end
  local out = {head .. "  " .. painted(look, "2", suite.duration_ms .. "ms")}
  for _, case in ipairs(suite.cases) do
    local note = case.status == "skip" and " (skipped)" or ""
    out[#out + 1] = "    " .. painted(look, COLOURS[case.status], MARKS[case.status]) .. " "
      .. case.name .. note
    if case.status == "fail" then failure_lines(look, case, out) end
  end
  out[#out + 1] = ""
  return out
end

--- The last line, and whether nothing failed.
function M.summary(look: Look, all: {any}, duration_ms: integer): (string, boolean)
  local passed, failed, skipped = 0, 0, 0
  for _, suite in ipairs(all) do
    passed = passed + count(suite.cases, "pass")
    failed = failed + count(suite.cases, "fail")
    skipped = skipped + count(suite.cases, "skip")
  end
  local ran = passed + failed
  local parts = {
    failed > 0 and painted(look, "1;31", "FAILED") or painted(look, "1;32", "PASSED"),
    ran .. (ran == 1 and " test" or " tests"),
  }
  if failed > 0 then parts[#parts + 1] = failed .. " failed" end
  if skipped > 0 then parts[#parts + 1] = skipped .. " skipped" end
  parts[#parts + 1] = duration_ms .. "ms"
  return "  " .. table.concat(parts, "   "), failed == 0
end

return M
