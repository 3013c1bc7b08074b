--- The methods of the contracts, for servers that speak as OpenAI's chat completions do.

return account.driver("OPENAI_COMPAT", completions)
