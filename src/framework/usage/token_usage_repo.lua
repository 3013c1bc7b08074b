--- Records of use, and their sums. Times are Unix seconds, from `start` on and before `finish`; all days are those of UTC.

local json = require("json")
local sql = require("sql")
local time = require("time")
local uuid = require("uuid")

local HOUR = 3600
local DAY = 24 * HOUR
--- The first Monday of Unix time.
local FIRST_MONDAY = 4 * DAY
local SUMS = "SUM(prompt_tokens) AS prompt_tokens, SUM(completion_tokens) AS completion_tokens, "
  .. "SUM(thinking_tokens) AS thinking_tokens, SUM(cache_read_tokens) AS cache_read_tokens, "
  .. "SUM(cache_write_tokens) AS cache_write_tokens, COUNT(*) AS request_count"
local FIGURES = {
  "prompt_tokens",
  "completion_tokens",
  "thinking_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
  "request_count",
}
--- The hour of a record, as a text.
local HOURS = {
  sqlite = "substr(timestamp, 1, 13)",
  postgres = "to_char(timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24')",
  mysql = "DATE_FORMAT(timestamp, '%Y-%m-%dT%H')",
}

--- Sums of records; `total_tokens` counts prompts, answers and thoughts, not what caches held.
type Sums = {
  prompt_tokens: integer,
  completion_tokens: integer,
  thinking_tokens: integer,
  cache_read_tokens: integer,
  cache_write_tokens: integer,
  request_count: integer,
  total_tokens: integer
}

local M = {INTERVAL = {HOUR = "hour", DAY = "day", WEEK = "week", MONTH = "month"}}

local function invalid(message: string): error
  return errors.new({kind = errors.INVALID, message = message})
end

--- Does something with the database.
local function with_database(act: (db: sql.DB, db_type: string) -> (any, any)): (any, any)
  local id, unknown = database.id()
  if id == nil then return nil, unknown end
  local db, err = sql.get(id)
  if db == nil then return nil, err end
  local db_type, failed = db:type()
  if db_type == nil then
    db:release()
    return nil, failed
  end
  local ok, result, refused = pcall(act, db, db_type)
  db:release()
  if not ok then error(result, 0) end
  return result, refused
end

--- A moment as the database has it.
local function moment(seconds: number, db_type: string): string
  local at = time.unix(math.floor(seconds), 0):utc()
  return db_type == "mysql" and at:format("2006-01-02 15:04:05")
    or at:format("2006-01-02T15:04:05Z")
end

local function mark(db_type: string, n: integer): string
  return db_type == "postgres" and "$" .. n or "?"
end

local function is_count(value: any): boolean
  return type(value) == "number" and value >= 0 and value == math.floor(value)
end

--- Adds a record; its id.
function M.create(
  user_id: string,
  model_id: string,
  prompt_tokens: number,
  completion_tokens: number,
  options: any
): (string?, any)
  local given = options or {}
  if type(user_id) ~= "string" or user_id == "" then return nil, invalid("user_id is required") end
  if type(model_id) ~= "string" or model_id == "" then
    return nil, invalid("model_id is required")
  end
  local counts = {
    prompt_tokens,
    completion_tokens,
    given.thinking_tokens or 0,
    given.cache_read_tokens or 0,
    given.cache_write_tokens or 0,
  }
  for i = 1, 5 do
    if not is_count(counts[i]) then
      return nil,
        invalid(FIGURES[i] .. " must be a whole number from 0 on, not " .. tostring(counts[i]))
    end
  end
  if given.timestamp ~= nil and type(given.timestamp) ~= "number" then
    return nil, invalid("timestamp must be a number of seconds")
  end
  local metadata: any = sql.NULL
  if given.metadata ~= nil then
    local text, err = json.encode(given.metadata)
    if text == nil then return nil, err end
    metadata = text
  end
  local id = assert(uuid.v7())
  return with_database(function(db: sql.DB, db_type: string): (any, any)
    local values = {id, user_id, given.context_id or sql.NULL, model_id}
    for _, count in ipairs(counts) do values[#values + 1] = math.tointeger(count) end
    values[#values + 1] = moment(given.timestamp or time.now():unix(), db_type)
    values[#values + 1] = metadata
    local marks = {}
    for i = 1, #values do marks[i] = mark(db_type, i) end
    local _, err = db:execute(
      "INSERT INTO token_usage (usage_id, user_id, context_id, model_id, prompt_tokens, completion_tokens, "
        .. "thinking_tokens, cache_read_tokens, cache_write_tokens, timestamp, meta) VALUES ("
        .. table.concat(marks, ", ") .. ")",
      values
    )
    if err ~= nil then return nil, err end
    return id
  end)
end

--- Numbers that databases give as texts, or as nothing, as numbers.
local function sums_of(row: any): any
  local sums: any = {}
  for _, name in ipairs(FIGURES) do sums[name] = math.tointeger(tonumber(row[name]) or 0) or 0 end
  sums.total_tokens = sums.prompt_tokens + sums.completion_tokens + sums.thinking_tokens
  return sums
end

local function add(into: any, more: any)
  for name, value in pairs(more) do into[name] = into[name] + value end
end

--- Sums in a range, apart by an expression when one is given.
local function query(start: any, finish: any, group: string?): (any, any)
  if type(start) ~= "number" or type(finish) ~= "number" then
    return nil, invalid("a range is two numbers of seconds")
  end
  return with_database(function(db: sql.DB, db_type: string): (any, any)
    local key = group ~= nil
        and (HOURS[db_type] ~= nil and group == "hour" and HOURS[db_type] or group)
      or nil
    local statement = "SELECT " .. (key ~= nil and key .. " AS part, " or "") .. SUMS
      .. " FROM token_usage WHERE timestamp >= " .. mark(db_type, 1) .. " AND timestamp < "
      .. mark(db_type, 2) .. (key ~= nil and " GROUP BY " .. key or "")
    return db:query(statement, {moment(start, db_type), moment(finish, db_type)})
  end)
end

--- Sums of everything in a range.
function M.get_summary(start: number, finish: number): (Sums?, any)
  local rows, err = query(start, finish, nil)
  if rows == nil then return nil, err end
  return sums_of(rows[1])
end

local function by(column: string, start: number, finish: number): (any, any)
  local rows, err = query(start, finish, column)
  if rows == nil then return nil, err end
  local found = {}
  for _, row in ipairs(rows) do
    local sums = sums_of(row)
    sums[column] = row.part
    found[#found + 1] = sums
  end
  table.sort(found, function(a: any, b: any): boolean
    if a.total_tokens ~= b.total_tokens then return a.total_tokens > b.total_tokens end
    return a[column] < b[column]
  end)
  return found
end

--- Sums by model, the most used first.
function M.get_usage_by_model(start: number, finish: number): (any, any)
  return by("model_id", start, finish)
end

--- Sums by user, who has used most first.
function M.get_usage_by_user(start: number, finish: number): (any, any)
  return by("user_id", start, finish)
end

--- Beginnings of periods: of the one that a moment is in, and of the next.
local PERIODS = {
  hour = function(at: integer): (integer, integer)
    local begun = at - at % HOUR
    return begun, begun + HOUR
  end,
  day = function(at: integer): (integer, integer)
    local begun = at - at % DAY
    return begun, begun + DAY
  end,
  week = function(at: integer): (integer, integer)
    local begun = at - (at - FIRST_MONDAY) % (7 * DAY)
    return begun, begun + 7 * DAY
  end,
  month = function(at: integer): (integer, integer)
    local year, month = time.unix(at, 0):utc():date()
    local begun = time.date(year, month, 1, 0, 0, 0, 0, time.utc):unix()
    local next_year, next_month = year, month + 1
    if next_month > 12 then next_year, next_month = year + 1, 1 end
    return begun, time.date(next_year, next_month, 1, 0, 0, 0, 0, time.utc):unix()
  end,
}

--- Sums by period, one for each, also where there was nothing; `timestamp` is when it begins.
function M.get_usage_by_time(start: number, finish: number, interval: string): (any, any)
  local period = PERIODS[interval]
  if period == nil then
    return nil, invalid("Invalid interval: must be hour, day, week, or month")
  end
  local rows, err = query(start, finish, "hour")
  if rows == nil then return nil, err end
  local buckets, by_begin = {}, {}
  local at = math.floor(start)
  while at < finish do
    local begun, next_begin = period(at)
    local bucket = sums_of({})
    by_begin[begun] = bucket
    buckets[#buckets + 1] = {timestamp = begun, sums = bucket}
    at = next_begin
  end
  for _, row in ipairs(rows) do
    local hour = assert(time.parse(time.RFC3339, row.part .. ":00:00Z")):unix()
    local bucket = by_begin[(period(hour))]
    if bucket ~= nil then add(bucket, sums_of(row)) end
  end
  for _, bucket in ipairs(buckets) do
    for name, value in pairs(bucket.sums) do bucket[name] = value end
    bucket.sums = nil
  end
  return buckets
end

return M
