local function vector_of(text, size)
  local vector = {}
  for i = 1, size do vector[i] = 0 end
  for word in text:lower():gmatch("%a%a%a%a+") do
    local place = 7
    for i = 1, #word do place = (place * 31 + word:byte(i)) % size end
    vector[place + 1] = vector[place + 1] + 1
  end
  return vector
end

local function embed(request)
  local vectors = {}
  for i, text in ipairs(request.input) do
    vectors[i] = vector_of(text, request.options.dimensions)
  end
  return {success = true, result = {embeddings = vectors}, tokens = {prompt_tokens = 1}}
end

local function text_of(message)
  return type(message.content) == "string" and message.content or message.content[1].text
end

local function generate(request)
  return {
    success = true,
    result = {content = "I was told: " .. text_of(request.messages[1])},
    tokens = {total_tokens = 1},
    finish_reason = "stop",
  }
end

return {embed = embed, generate = generate}
