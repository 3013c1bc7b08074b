type A = {next: A?, err: error?}
local ch: channel.Channel<A> = channel.new(1)
return ch
