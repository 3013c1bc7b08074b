-- Regular expressions of `@pattern`, matched in time linear in the text: all states are followed at once.
--
-- Literals, `.`, sets, `\d \w \s \b` and their opposites, groups, `|`, `* + ? {m,n}`, `^` and `$`, over code points.

local PROGRAM_MAX = 10000

-- Code points of a text; bytes that are not UTF-8 stand for themselves.
local function points(text)
  local out, i, byte = {}, 1, library.byte
  while i <= #text do
    local a, b, c, d = byte(text, i, i + 3)
    if a >= 0xF0 and a < 0xF8 and d and b & 0xC0 == 0x80 and c & 0xC0 == 0x80 and d & 0xC0 == 0x80 then
      out[#out + 1] = (a & 7) << 18 | (b & 63) << 12 | (c & 63) << 6 | d & 63
      i = i + 4
    elseif a >= 0xE0 and a < 0xF0 and c and b & 0xC0 == 0x80 and c & 0xC0 == 0x80 then
      out[#out + 1] = (a & 15) << 12 | (b & 63) << 6 | c & 63
      i = i + 3
    elseif a >= 0xC2 and a < 0xE0 and b and b & 0xC0 == 0x80 then
      out[#out + 1] = (a & 31) << 6 | b & 63
      i = i + 2
    else
      out[#out + 1] = a
      i = i + 1
    end
  end
  return out
end

local CLASSES = {
  d = { { 48, 57 } },
  w = { { 48, 57 }, { 65, 90 }, { 95, 95 }, { 97, 122 } },
  s = { { 9, 13 }, { 32, 32 } },
}
local ESCAPES = { n = 10, t = 9, r = 13, f = 12, v = 11, a = 7 }

local function inside(ranges, c)
  for i = 1, #ranges do
    local range = ranges[i]
    if c >= range[1] and c <= range[2] then return true end
  end
  return false
end

local function set(ranges, isNegated)
  return { "set", function(c) return inside(ranges, c) ~= isNegated end }
end

local function isWord(c)
  return c ~= nil and inside(CLASSES.w, c)
end

local function parse(pattern)
  local source, at = points(pattern), 1
  local function fail(what)
    error("bad pattern " .. quote(pattern) .. ": " .. what, 0)
  end
  local function char(i)
    local c = source[at + (i or 0)]
    return c and c < 128 and library.char(c) or c and "" or nil
  end
  local function escape(inSet)
    local c = char()
    if not c then fail("it ends in a backslash") end
    local code = source[at]
    at = at + 1
    local lower = library.lower(c)
    if CLASSES[lower] then return nil, CLASSES[lower], c ~= lower end
    if lower == "b" and not inSet then return nil, nil, c ~= lower end
    if ESCAPES[c] then return ESCAPES[c] end
    if c == "x" then
      local digits = ""
      if char() == "{" then
        at = at + 1
        while char() and char() ~= "}" do
          digits = digits .. char()
          at = at + 1
        end
        at = at + 1
      else
        digits = (char() or "") .. (char(1) or "")
        at = at + 2
      end
      return tonumber(digits, 16) or fail("bad \\x escape")
    end
    if library.find(c, "^%w") then fail("unknown escape \\" .. c) end
    return code
  end
  local function brackets()
    local ranges, isNegated, isFirst = {}, char() == "^", true
    if isNegated then at = at + 1 end
    while isFirst or char() ~= "]" do
      if not char() then fail("missing ]") end
      isFirst = false
      local low, class, isOpposite
      if char() == "\\" then
        at = at + 1
        low, class, isOpposite = escape(true)
      else
        low = source[at]
        at = at + 1
      end
      if class then
        if isOpposite then
          local from = 0
          for _, range in ipairs(class) do
            ranges[#ranges + 1] = { from, range[1] - 1 }
            from = range[2] + 1
          end
          ranges[#ranges + 1] = { from, 0x10FFFF }
        else
          for _, range in ipairs(class) do ranges[#ranges + 1] = range end
        end
      else
        local high = low
        if char() == "-" and char(1) and char(1) ~= "]" then
          at = at + 1
          if char() == "\\" then
            at = at + 1
            high = escape(true) or fail("bad range")
          else
            high = source[at]
            at = at + 1
          end
          if high < low then fail("bad range") end
        end
        ranges[#ranges + 1] = { low, high }
      end
    end
    at = at + 1
    return set(ranges, isNegated)
  end
  local alternatives
  local depth = 0
  local function one()
    local c = char()
    local code = source[at]
    at = at + 1
    if c == "(" then
      depth = depth + 1
      if depth > 100 then fail("groups are too deeply nested") end
      if char() == "?" then
        if char(1) ~= ":" then fail("only (?:...) groups are known") end
        at = at + 2
      end
      local inner = alternatives()
      if char() ~= ")" then fail("missing )") end
      at = at + 1
      depth = depth - 1
      return inner
    elseif c == "[" then return brackets()
    elseif c == "." then return set({ { 10, 10 } }, true)
    elseif c == "^" then return { "start" }
    elseif c == "$" then return { "stop" }
    elseif c == "*" or c == "+" or c == "?" then fail("nothing to repeat before " .. c)
    elseif c == "\\" then
      local point, class, isOpposite = escape(false)
      if point then return { "char", point } end
      if class then return set(class, isOpposite) end
      return { "word", not isOpposite }
    end
    return { "char", code }
  end
  local function counts()
    local text, i = "", at + 1
    while source[i] and source[i] ~= 125 do
      text = text .. (source[i] < 128 and library.char(source[i]) or "?")
      i = i + 1
    end
    local low, comma, high = library.match(text, "^(%d+)(,?)(%d*)$")
    if not source[i] or not low then return nil end
    at = i + 1
    low = tonumber(low)
    high = comma == "" and low or tonumber(high)
    if low > 1000 or (high and (high > 1000 or high < low)) then fail("bad repeat count") end
    return low, high
  end
  local function sequence()
    local items = {}
    while char() and char() ~= "|" and char() ~= ")" do
      local item = one()
      for _ = 1, 20 do
        local c = char()
        local low, high
        if c == "*" then low, high = 0, nil
        elseif c == "+" then low, high = 1, nil
        elseif c == "?" then low, high = 0, 1
        elseif c == "{" then
          low, high = counts()
          if not low then break end
        else break end
        if c ~= "{" then at = at + 1 end
        if char() == "?" then at = at + 1 end -- lazy or greedy: the answer is the same
        item = { "repeat", item, low, high }
      end
      items[#items + 1] = item
    end
    return { "sequence", items }
  end
  function alternatives()
    local list = { sequence() }
    while char() == "|" do
      at = at + 1
      list[#list + 1] = sequence()
    end
    return #list == 1 and list[1] or { "either", list }
  end
  local tree = alternatives()
  if char() then fail("unmatched )") end
  return tree, fail
end

-- A list of steps; `split` goes on in two places, the others test and go to the next step.
local function compile(tree, fail)
  local program = {}
  local function emit(...)
    if #program >= PROGRAM_MAX then fail("it is too large") end
    program[#program + 1] = { ... }
    return #program
  end
  local function generate(node)
    local kind = node[1]
    if kind == "sequence" then
      for _, item in ipairs(node[2]) do generate(item) end
    elseif kind == "either" then
      local exits = {}
      for i, item in ipairs(node[2]) do
        if i < #node[2] then
          local split = emit("split")
          program[split][2] = split + 1
          generate(item)
          exits[#exits + 1] = emit("jump")
          program[split][3] = #program + 1
        else generate(item) end
      end
      for _, exit in ipairs(exits) do program[exit][2] = #program + 1 end
    elseif kind == "repeat" then
      local item, low, high = node[2], node[3], node[4]
      for _ = 1, low do generate(item) end
      if high then
        local splits = {}
        for _ = low + 1, high do
          local split = emit("split")
          program[split][2] = split + 1
          splits[#splits + 1] = split
          generate(item)
        end
        for _, split in ipairs(splits) do program[split][3] = #program + 1 end
      else
        local split = emit("split")
        program[split][2] = split + 1
        generate(item)
        emit("jump", split)
        program[split][3] = #program + 1
      end
    else emit(kind, node[2]) end
  end
  generate(tree)
  emit("match")
  return program
end

local matchers = {}

-- A function that tells whether a text contains a match. Raises on a bad pattern.
function R.regex(pattern)
  if type(pattern) ~= "string" then error("@pattern takes a string", 0) end
  local known = matchers[pattern]
  if known then return known end
  local program = compile(parse(pattern))
  local function matcher(text)
    local codes = points(text)
    local count = #codes
    local marks, current, following = {}, {}, {}
    -- Adds a state and all that follow without reading; true when that is a match.
    local function add(list, start, at)
      local stack = { start }
      while #stack > 0 do
        local pc = stack[#stack]
        stack[#stack] = nil
        if marks[pc] ~= at then
          marks[pc] = at
          local step = program[pc]
          local op = step[1]
          if op == "match" then return true
          elseif op == "jump" then stack[#stack + 1] = step[2]
          elseif op == "split" then
            stack[#stack + 1] = step[3]
            stack[#stack + 1] = step[2]
          elseif op == "start" then
            if at == 1 then stack[#stack + 1] = pc + 1 end
          elseif op == "stop" then
            if at == count + 1 then stack[#stack + 1] = pc + 1 end
          elseif op == "word" then
            if (isWord(codes[at - 1]) ~= isWord(codes[at])) == step[2] then stack[#stack + 1] = pc + 1 end
          else list[#list + 1] = pc end
        end
      end
      return false
    end
    for at = 1, count + 1 do
      if add(current, 1, at) then return true end
      local c = codes[at]
      if c then
        for i = 1, #current do
          local step = program[current[i]]
          if (step[1] == "char" and step[2] == c) or (step[1] == "set" and step[2](c)) then
            if add(following, current[i] + 1, at + 1) then return true end
          end
        end
      end
      current, following = following, {}
    end
    return false
  end
  matchers[pattern] = matcher
  return matcher
end
