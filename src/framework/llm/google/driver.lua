--- The methods of the contracts, for the models of Google.

return {
  generate = contents.generate,
  structured_output = contents.structured_output,
  embed = contents.embed,
  status = contents.status,
}
