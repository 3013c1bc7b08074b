--- The methods of the contracts, for Claude.

return {
  generate = messages.generate,
  structured_output = messages.structured_output,
  status = messages.status,
}
