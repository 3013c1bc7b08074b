-- What assert lets through is there, and sums of whole numbers are whole.
local function find(name: string): (string?, error?)
  return name
end

local function length(name: string): integer
  local found = assert(find(name))
  return #found
end

local function count(counts: {[string]: integer}, key: string): integer
  counts[key] = (counts[key] or 0) + 1
  return (counts[key] or 0) * 2 - 1
end

local function whole(text: string): integer
  return assert(math.tointeger(tonumber(text)), "a whole number")
end

print(length("a"), count({}, "b"), whole("3"))
