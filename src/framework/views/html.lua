--- Documents that become part of another one.
---
--- H1. What is in comments, scripts, styles and other raw text is not looked at.

--- Elements whose content is text, whatever it looks like.
local RAW = {
  script = true,
  style = true,
  textarea = true,
  title = true,
  iframe = true,
  noembed = true,
  noframes = true,
  xmp = true
}
--- Elements that a document has once, and a part of one has not.
local RENAMED = {html = true, head = true, body = true}
--- Scripts that a host takes out, since it brings its own.
local OWN_SCRIPTS = "data%-role%s*=%s*[\"']?@wippy/scripts"

local M = {}

--- The position after a tag that begins at `from`; `>` within quotes does not end it.
local function end_of_tag(text: string, from: integer): integer
  local at = from
  while true do
    local found = text:find("[\"'>]", at)
    if found == nil then return #text + 1 end
    local mark = text:sub(found, found)
    if mark == ">" then return found + 1 end
    local closed = text:find(mark, found + 1, true)
    if closed == nil then return #text + 1 end
    at = closed + 1
  end
end

--- The position of `</name` at or after `from`.
local function end_of_raw(text: string, name: string, from: integer): integer
  local at = from
  while true do
    local found = text:find("</", at, true)
    if found == nil then return #text + 1 end
    local closing = text:match("^</(%a[%w-]*)", found)
    if closing ~= nil and closing:lower() == name then return found end
    at = found + 2
  end
end

--- The document as a part: `html`, `head` and `body` are called `wf-*`, `head` is what comes first in its head.
function M.part(text: string, head: string): string
  local parts: {string} = {}
  local is_headed = false
  local at = 1
  while at <= #text do
    local open = text:find("<", at, true)
    if open == nil then break end
    parts[#parts + 1] = text:sub(at, open - 1)
    local slash, name = text:match("^<(/?)(%a[%w-]*)", open)
    if text:sub(open, open + 3) == "<!--" then
      local _, closed = text:find("-->", open + 4, true)
      at = (closed or #text) + 1
      parts[#parts + 1] = text:sub(open, at - 1)
    elseif name == nil then
      parts[#parts + 1] = "<"
      at = open + 1
    else
      local lower = name:lower()
      local after = end_of_tag(text, open + 1 + #slash + #name)
      local tag = text:sub(open, after - 1)
      if RENAMED[lower] then tag = "<" .. slash .. "wf-" .. lower .. tag:sub(2 + #slash + #name) end
      if slash == "" and RAW[lower] then
        local closing = end_of_raw(text, lower, after)
        tag = tag .. text:sub(after, closing - 1)
        after = closing
        if lower == "script" and tag:find(OWN_SCRIPTS) ~= nil then
          tag = ""
          after = end_of_tag(text, closing)
        end
      end
      parts[#parts + 1] = tag
      if lower == "head" and slash == "" and not is_headed then
        is_headed = true
        parts[#parts + 1] = head
      end
      at = after
    end
  end
  parts[#parts + 1] = text:sub(at)
  local all = table.concat(parts)
  return is_headed and all or head .. all
end

--- Text for an attribute or an element.
function M.escaped(text: string): string
  return (text:gsub("[&<>\"']", {
    ["&"] = "&amp;",
    ["<"] = "&lt;",
    [">"] = "&gt;",
    ["\""] = "&quot;",
    ["'"] = "&#39;"
  }))
end

return M
