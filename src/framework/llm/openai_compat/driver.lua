--- The methods of the contracts, for servers that speak as OpenAI's chat completions do.

local VARIABLES = "OPENAI_COMPAT"

return {
  generate = function(request: any): any
    return completions.generate(account.endpoint(VARIABLES), request)
  end,
  structured_output = function(request: any): any
    return completions.structured_output(account.endpoint(VARIABLES), request)
  end,
  embed = function(request: any): any
    return account.embed(account.endpoint(VARIABLES), request)
  end,
  status = function(): any
    return account.status(account.endpoint(VARIABLES))
  end,
}
