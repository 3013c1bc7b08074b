local call: any = 1
call()
local fn: () -> () = function() end
fn()
