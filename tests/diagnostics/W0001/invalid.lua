local x = 1
  if x == 1 then else end
--^^ W0001
--               ^^^^ W0001
  while x > 1 do end
--^^^^^ W0001
  for _ = 1, 2 do end
--^^^ W0001
  do end
--^^ W0001
