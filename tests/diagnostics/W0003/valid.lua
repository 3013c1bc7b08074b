local a, b = { n = 1 }, 2
return a.n == b, a[1] == a[2], os.time() == os.time(), b ~= -b
