--- The methods of the contracts, for OpenAI.

return account.driver("OPENAI", responses)
