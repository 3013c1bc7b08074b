local a = { n = 1 }
print(a.n == a.n, (a) ~= a)
--    ^^^^^^^^^^ W0003
--                ^^^^^^^^ W0003
if a.n * 2 < a.n * 2 then print(1) end
-- ^^^^^^^^^^^^^^^^^ W0003
