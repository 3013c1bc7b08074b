-- Annotated and plain code side by side.
type Point = {x: number, y: number}

local function annotated(p: Point, factor: number?): Point
  local by: number = factor or 2
  return {x = p.x * by, y = p.y * by}
end

local function plain(p, factor)
  local by = factor or 2
  return { x = p.x * by, y = p.y * by }
end

test("annotations are part of the language, and code without any is as good [types.syntax.lua-remark]", function()
  for _, scale in ipairs({ annotated, plain }) do
    local got = scale({ x = 1, y = 2 }, 3)
    assert(got.x == 3 and got.y == 6)
    assert(scale({ x = 1, y = 2 }).y == 4)
  end
  assert(plain(annotated({ x = 1, y = 1 })).x == 4 and Point:is(plain({ x = 1, y = 1 })))
end)
