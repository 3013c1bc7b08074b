--- The methods of the contracts, for Amazon Bedrock.

return {
  generate = function(request: any): any return converse.generate(account.endpoint(), request) end,
  structured_output = function(request: any): any
    return converse.structured_output(account.endpoint(), request)
  end,
  status = function(): any return converse.status(account.endpoint()) end,
}
