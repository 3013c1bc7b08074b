-- modules: uuid

local PLAIN = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-(%x)%x%x%x%-([89ab])%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

test("every version makes identifiers of its own kind [uuid.make]", function()
  local ns = "6ba7b811-9dad-11d1-80b4-00c04fd430c8"
  local made = { ["1"] = uuid.v1(), ["4"] = uuid.v4(), ["7"] = uuid.v7(), ["3"] = uuid.v3(ns, "x"), ["5"] = uuid.v5(ns, "x") }
  for version, id in pairs(made) do
    assert(id:match(PLAIN) == version, id)
  end
  local seen = {}
  for _ = 1, 1000 do
    for _, id in ipairs({ uuid.v1(), uuid.v4(), uuid.v7() }) do
      assert(not seen[id], "twice: " .. id)
      seen[id] = true
    end
  end
  assert(uuid.v3("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com") == "5df41881-3aed-3515-88a7-2f4a814cf09e")
  assert(uuid.v5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com") == "2ed6657d-e927-568b-95e1-2665a8aea6a2")
end)

test("version 7 rises, also within one millisecond", function()
  local last = uuid.v7()
  for _ = 1, 5000 do
    local id = uuid.v7()
    assert(id > last)
    last = id
  end
end)

test("validate, version and variant look into identifiers [uuid.inspect]", function()
  assert(uuid.validate(uuid.v4()) == true)
  for _, bad in ipairs({ "", "x", "6ba7b811-9dad-11d1-80b4-00c04fd430c", 5, {}, true }) do assert(uuid.validate(bad) == false) end
  assert(uuid.validate(nil) == false)
  assert(uuid.version(uuid.v7()) == 7 and uuid.version("6ba7b811-9dad-11d1-80b4-00c04fd430c8") == 1)
  assert(uuid.variant(uuid.v4()) == "RFC4122")
  assert(uuid.variant("6ba7b811-9dad-11d1-c0b4-00c04fd430c8") == "Microsoft")
  assert(uuid.variant("6ba7b811-9dad-11d1-e0b4-00c04fd430c8") == "Future")
  assert(uuid.variant("6ba7b811-9dad-11d1-00b4-00c04fd430c8") == "NCS")
end)

test("parse tells version, variant, time and node [uuid.parse]", function()
  local one = uuid.parse("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
  assert(one.version == 1 and one.variant == "RFC4122" and one.timestamp == 886630433 and one.node == "00c04fd430c8")
  local seven = uuid.parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
  assert(seven.version == 7 and seven.timestamp == 1645557742 and seven.node == nil)
  assert(math.abs(uuid.parse(uuid.v1()).timestamp - os.time()) <= 2)
  assert(math.abs(uuid.parse(uuid.v7()).timestamp - os.time()) <= 2)
  local four = uuid.parse(uuid.v4())
  assert(four.version == 4 and four.timestamp == nil and four.node == nil)
end)

test("format writes standard, simple and urn [uuid.format]", function()
  local id = "6BA7B811-9DAD-11D1-80B4-00C04FD430C8"
  assert(uuid.format(id) == "6ba7b811-9dad-11d1-80b4-00c04fd430c8")
  assert(uuid.format(id, "standard") == uuid.format(id))
  assert(uuid.format(id, "simple") == "6ba7b8119dad11d180b400c04fd430c8")
  assert(uuid.format(id, "urn") == "urn:uuid:6ba7b811-9dad-11d1-80b4-00c04fd430c8")
  assert(uuid.format("6ba7b8119dad11d180b400c04fd430c8") == uuid.format(id))
end)

test("mistakes have their messages [uuid.messages]", function()
  local function failure(fn, ...)
    local value, err = fn(...)
    assert(value == nil and err:kind() == errors.INVALID and err:retryable() == false)
    return err:message()
  end
  assert(failure(uuid.version, 5) == "input must be a string")
  assert(failure(uuid.parse, "zzz") == "invalid UUID format")
  assert(failure(uuid.v3, "nope", "x") == "invalid namespace UUID")
  assert(failure(uuid.v5, uuid.v4()) == "namespace and name must be strings")
  assert(failure(uuid.format, uuid.v4(), "roman") == "unsupported format")
end)
