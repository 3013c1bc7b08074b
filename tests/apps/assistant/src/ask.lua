local function ask(question)
  local response, err = llm.generate(question, {model = "small", max_tokens = 50})
  if err then return nil, err end
  return response.result
end

return {ask = ask}
