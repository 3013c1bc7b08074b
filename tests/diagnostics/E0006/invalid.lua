local s: string, t: {number} = "a", {}
print(s + 1)
--    ^ E0006
print(s < 1)
--    ^^^^^ E0006
print(-s, #1)
--     ^ E0006
--         ^ E0006
return t
