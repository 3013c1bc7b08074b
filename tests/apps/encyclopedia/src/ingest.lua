local fs = require("fs")
local text = require("text")

--- Takes an article in, in place of what was there of it.
local function ingest(name)
  local volume = assert(fs.get("app:articles"))
  local source, err = volume:readfile(name .. ".md")
  if source == nil then return nil, err end
  local splitter = assert(
    text.splitter.markdown({chunk_size = 120, chunk_overlap = 20, heading_hierarchy = true})
  )
  local batch = {}
  for i, chunk in ipairs(assert(splitter:split_text(source))) do
    batch[i] = {
      content = chunk,
      content_type = "article",
      origin_id = name,
      context_id = tostring(i),
      meta = {title = name, chunk = i},
    }
  end
  assert(repo.delete_by_origin(name))
  local added, failed = embeddings.add_batch(batch)
  if added == nil then return nil, failed end
  return added.count
end

return {ingest = ingest}
