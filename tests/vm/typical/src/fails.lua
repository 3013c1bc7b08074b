-- Fails in two ways that are common.
local function deep(value) return value.missing.field end

return {
  main = function(is_deep)
    if is_deep then return deep({}) end
    error("no " .. tostring(is_deep))
  end,
}
