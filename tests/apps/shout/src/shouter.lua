local function main(reply_to: string, text: string): string
  process.send(reply_to, "reply", {from = process.pid(), text = text:upper()})
  return "shouted " .. #text
end

return {main = main}
