shared = 1
function helper() return shared end
print(helper(), string.rep("a", 2), process.pid())
