--- Texts that a model makes shorter.
---
--- CO1. What is short enough is left as it is, and asks no model.
--- CO2. What the model leaves too long is asked for again, a few times, then cut at the end of a sentence or a word.

type Config = {max_attempts: integer, tolerance: number, instruction: string}

local config: Config = {
  max_attempts = 3,
  --- How much longer than wanted a result may be, as a part of it.
  tolerance = 0.1,
  instruction = "Shorten the text. Keep facts, names, numbers and decisions; drop repetition and decoration. "
    .. "Answer with the shortened text alone.",
}
--- Characters of a token, about.
local CHARS_PER_TOKEN = 4

local M = {}

--- Sets what is given; the rest stays.
function M.configure(given: any)
  for key, value in pairs(given or {}) do
    if config[key] == nil then error("configure: there is no setting " .. tostring(key), 2) end
    config[key] = value
  end
end

function M.get_config(): Config
  return {
    max_attempts = config.max_attempts,
    tolerance = config.tolerance,
    instruction = config.instruction
  }
end

--- Sizes of a text: characters, words, and about how many tokens.
function M.get_stats(content: string): {chars: integer, words: integer, tokens: integer}
  local _, words = content:gsub("%S+", "")
  return {chars = #content, words = words, tokens = math.ceil(#content / CHARS_PER_TOKEN)}
end

--- Whether there is something to do.
function M.can_compress(content: any, target_chars: any): boolean
  return type(content) == "string"
    and type(target_chars) == "number"
    and target_chars >= 1
    and #content > target_chars
end

--- The longest beginning that fits and ends with a sentence, or else with a word.
local function cut(content: string, limit: integer): string
  local head = content:sub(1, limit)
  -- Not in the middle of a character.
  while #head > 0
    and (content:byte(#head + 1) or 0) >= 128
    and (content:byte(#head + 1) or 0) < 192 do
    head = head:sub(1, -2)
  end
  local sentence = head:match("^(.*[.!?])%s")
  if sentence ~= nil and #sentence * 2 >= limit then return sentence end
  return head:match("^(.*%S)%s") or head
end

--- The text, made about so many characters long by a model; options go to the model.
function M.to_size(model: string, content: string, target_chars: integer, options: any): (
  string?,
  any
)
  if type(content) ~= "string" then return nil, "Content is required" end
  if type(target_chars) ~= "number" or target_chars < 1 then
    return nil, "Target size must be a number from 1 on"
  end
  if not M.can_compress(content, target_chars) then return content end
  local most = math.floor(target_chars * (1 + config.tolerance))
  local asked: any = {}
  for key, value in pairs(options or {}) do asked[key] = value end
  asked.model = model
  asked.max_tokens = asked.max_tokens or math.ceil(most / CHARS_PER_TOKEN) * 2
  local shortest = content
  for _ = 1, config.max_attempts do
    local response, err = llm.generate({
      {role = "system", content = config.instruction},
      {role = "user", content = "At most " .. target_chars .. " characters:\n\n" .. shortest},
    }, asked)
    if err ~= nil then return nil, err end
    local text = tostring(response.result or ""):match("^%s*(.-)%s*$")
    if text ~= "" and #text < #shortest then shortest = text end
    if #shortest <= most then return shortest end
  end
  return cut(shortest, most)
end

return M
