local age: number @min(-1) @max(150) = 3
local tags: {string @pattern("^[a-z]+$")} @min_len(1) = {"a"}
return age, tags
