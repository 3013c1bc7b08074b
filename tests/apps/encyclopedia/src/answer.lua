local function answer(question)
  local hits, err = embeddings.search(question, {content_type = "article", limit = 2})
  if hits == nil then return nil, err end
  local parts = {}
  for i, hit in ipairs(hits) do parts[i] = "[" .. hit.meta.title .. "] " .. hit.content end
  local conversation = prompt.new():add_system(table.concat(parts, "\n")):add_user(question)
  local response, failed = llm.generate(conversation, {model = "parrot"})
  if response == nil then return nil, failed end
  return {answer = response.result, sources = hits}
end

return {answer = answer}
