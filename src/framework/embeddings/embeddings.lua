--- Texts that are found by what they mean: their vectors come from a language model.

local MODEL = "text-embedding-3-small"
local TOKENS_MAX = 8000
--- Characters of a token, about.
local TOKEN_LENGTH = 4
local ORIGIN_LIMIT = 5

local M = {
  EMBEDDING_MODEL = MODEL,
  EMBEDDING_DIMENSIONS = embedding_repo.DIMENSIONS,
  MAX_TOKENS_PER_REQUEST = TOKENS_MAX,
  DEFAULT_SEARCH_LIMIT = embedding_repo.DEFAULT_SEARCH_LIMIT,
}

local function invalid(message: string): error
  return errors.new({kind = errors.INVALID, message = message})
end

local function failure(err: any): error
  if type(err) ~= "string" then return err end
  return errors.new({kind = errors.INTERNAL, message = err})
end

local function embed(texts: {string}): ({any}?, error?)
  local response, err = llm.embed(texts, {model = MODEL, dimensions = embedding_repo.DIMENSIONS})
  if response == nil then return nil, failure(err) end
  if #response.result ~= #texts then
    return nil,
      failure("the provider gave " .. #response.result .. " vectors for " .. #texts .. " texts")
  end
  return response.result
end

--- Lists of texts that go into one request each.
local function requests_of(items: {any}): {{any}}
  local requests: {{any}} = {}
  local tokens = 0
  for _, item in ipairs(items) do
    local size = #item.content / TOKEN_LENGTH
    local current = requests[#requests]
    if current == nil or tokens + size > TOKENS_MAX then
      current, tokens = {}, 0
      requests[#requests + 1] = current
    end
    current[#current + 1] = item
    tokens = tokens + size
  end
  return requests
end

--- Keeps many texts: `{count, items}`. Those that are too many for one request to the model are split; what was kept before a request
--- that failed stays.
function M.add_batch(items: {any}): (any, any)
  if type(items) ~= "table" or #items == 0 then return nil, invalid("there are no items") end
  for i, item in ipairs(items) do
    if type(item) ~= "table" or type(item.content) ~= "string" or item.content == "" then
      return nil, invalid("item " .. i .. ": content is required")
    end
  end
  local all = {}
  for _, request in ipairs(requests_of(items)) do
    local texts: {string} = {}
    for i, item in ipairs(request) do texts[i] = item.content end
    local vectors, err = embed(texts)
    if vectors == nil then return nil, err end
    local batch = {}
    for i, item in ipairs(request) do
      batch[i] = {
        content = item.content,
        content_type = item.content_type,
        origin_id = item.origin_id,
        context_id = item.context_id,
        meta = item.meta,
        embedding = vectors[i],
      }
    end
    local added, failed = embedding_repo.add_batch(batch)
    if added == nil then return nil, failed end
    for _, item in ipairs(added.items) do all[#all + 1] = item end
  end
  return {count = #all, items = all}
end

--- Keeps a text: `{entry_id, origin_id, content_type, context_id}`.
function M.add(
  content: string,
  content_type: string,
  origin_id: string,
  context_id: string?,
  meta: any
): (any, any)
  local added, err = M.add_batch({
    {
      content = content,
      content_type = content_type,
      origin_id = origin_id,
      context_id = context_id,
      meta = meta,
    }
  })
  if added == nil then return nil, err end
  return added.items[1]
end

--- What is nearest to a text: `content`, `similarity`, `meta`, `origin_id`, `context_id`, `content_type` and `entry_id` of each.
--- `options`: `content_type`, `origin_id`, `context_id`, `limit` (10).
function M.search(query: string, options: any): (any, any)
  if type(query) ~= "string" or query == "" then return nil, invalid("query is required") end
  local vectors, err = embed({query})
  if vectors == nil then return nil, err end
  return embedding_repo.search_by_embedding(vectors[1], options)
end

--- The same among texts of one type; `options`: `limit` (10).
function M.find_by_type(query: string, content_type: string, options: any): (any, any)
  return M.search(query, {content_type = content_type, limit = (options or {}).limit})
end

--- The same among those of one origin; `options`: `content_type`, `context_id`, `limit` (5).
function M.find_by_origin(query: string, origin_id: string, options: any): (any, any)
  local given = options or {}
  return M.search(query, {
    origin_id = origin_id,
    content_type = given.content_type,
    context_id = given.context_id,
    limit = given.limit or ORIGIN_LIMIT,
  })
end

return M
