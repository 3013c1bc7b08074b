  counter = 1
--^^^^^^^ W0002
function helper() return counter end
--       ^^^^^^ W0002
