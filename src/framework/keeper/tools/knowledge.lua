--- What was written down about the application, by people and by programs.

local json = require("json")
local security = require("security")
local time = require("time")
local uuid = require("uuid")

local FOUND_MAX = 100
local EXCERPT = 200

local M = {}

local function not_found(id: string): error
  return errors.new({kind = errors.NOT_FOUND, message = "there is no article " .. id})
end

local function article_of(row: any): any
  return {
    id = row.id,
    title = row.title,
    body = row.body,
    tags = assert(json.decode(row.tags)),
    author = row.author,
    updated_at = math.tointeger(tonumber(row.updated_at)),
  }
end

--- The beginning of a text, cut between characters.
local function excerpt_of(text: string): string
  if #text <= EXCERPT then return text end
  return (text:sub(1, EXCERPT):gsub("[\xC2-\xF4][\x80-\xBF]*$", "")) .. "..."
end

--- How well an article fits the words that are looked for; 0 when one of them is nowhere.
local function rank(article: any, words: {string}): integer
  local title, body = article.title:lower(), article.body:lower()
  local tags = table.concat(article.tags, " "):lower()
  local total = 0
  for _, word in ipairs(words) do
    local found = (title:find(word, 1, true) and 4 or 0) + (tags:find(word, 1, true) and 2 or 0)
      + (body:find(word, 1, true) and 1 or 0)
    if found == 0 then return 0 end
    total = total + found
  end
  return total
end

--- Articles that have every word of `query` in their title, tags or body; all without one. The best first.
function M.search(args: any): (any, error?)
  local rows, err = database.query("SELECT * FROM keeper_knowledge ORDER BY updated_at DESC, id")
  if rows == nil then return nil, err end
  local words: {string} = {}
  for word in (args.query or ""):lower():gmatch("%S+") do words[#words + 1] = word end
  local found = {}
  for i, row in ipairs(rows) do
    local article = article_of(row)
    local fits = #words == 0 and 1 or rank(article, words)
    if fits > 0 then
      found[#found + 1] = {
        rank = fits,
        at = i,
        article = {
          id = article.id,
          title = article.title,
          tags = article.tags,
          updated_at = article.updated_at,
          excerpt = excerpt_of(article.body),
        }
      }
    end
  end
  table.sort(found, function(a: any, b: any): boolean
    if a.rank ~= b.rank then return a.rank > b.rank end
    return a.at < b.at
  end)
  local articles = {}
  for i = 1, math.min(#found, args.limit or FOUND_MAX) do articles[i] = found[i].article end
  return {total = #found, articles = articles}
end

--- A whole article.
function M.read(args: any): (any, error?)
  local row, err = database.first("SELECT * FROM keeper_knowledge WHERE id = ?", {args.id})
  if err ~= nil then return nil, err end
  if row == nil then return nil, not_found(args.id) end
  return article_of(row)
end

--- Writes an article: a new one, or another text for the one with that `id`.
function M.write(args: any): (any, error?)
  local author = security.actor()
  local values: {any} = {
    args.title,
    args.body,
    assert(json.encode(args.tags or {})),
    author ~= nil and author:id() or "",
    time.now():unix_nano() // 1000000,
  }
  if args.id == nil then
    local id = assert(uuid.v7())
    values[#values + 1] = id
    local _, err = database.execute(
      "INSERT INTO keeper_knowledge (title, body, tags, author, updated_at, id) VALUES (?, ?, ?, ?, ?, ?)",
      values
    )
    if err ~= nil then return nil, err end
    return {id = id}
  end
  values[#values + 1] = args.id
  local count, err = database.execute(
    "UPDATE keeper_knowledge SET title = ?, body = ?, tags = ?, author = ?, updated_at = ? WHERE id = ?",
    values
  )
  if err ~= nil then return nil, err end
  if count == 0 then return nil, not_found(args.id) end
  return {id = args.id}
end

--- Removes an article.
function M.remove(args: any): (any, error?)
  local count, err = database.execute("DELETE FROM keeper_knowledge WHERE id = ?", {args.id})
  if err ~= nil then return nil, err end
  if count == 0 then return nil, not_found(args.id) end
  return {id = args.id}
end

return M
