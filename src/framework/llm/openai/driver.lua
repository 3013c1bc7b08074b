--- The methods of the contracts, for OpenAI.

local VARIABLES = "OPENAI"

return {
  generate = function(request: any): any
    return responses.generate(account.endpoint(VARIABLES), request)
  end,
  structured_output = function(request: any): any
    return responses.structured_output(account.endpoint(VARIABLES), request)
  end,
  embed = function(request: any): any
    return account.embed(account.endpoint(VARIABLES), request)
  end,
  status = function(): any
    return account.status(account.endpoint(VARIABLES))
  end,
}
