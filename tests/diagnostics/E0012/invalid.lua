type R = {readonly id: string, tags: readonly {string}}
local r: R = {id = "a", tags = {}}
r.id = "b"
--^^ E0012
local limit <const> = 3
  limit = 4
--^^^^^ E0012
return r
