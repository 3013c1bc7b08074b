local limit <const> = 3
local list: {number} = {1}
list[1] = limit
return list
