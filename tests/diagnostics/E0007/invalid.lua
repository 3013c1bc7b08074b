local n: number = 1
do n() end
-- ^^^ E0007
print(n.field)
--      ^^^^^ E0007
