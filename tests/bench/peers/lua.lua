-- Seconds of one run of a program: lua5.4 lua.lua FILE
local program = dofile(arg[1])
local started = os.clock()
program()
print(os.clock() - started)
