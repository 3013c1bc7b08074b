-- Field checks per second, in millions, when a type is called with a value.
type Address = {street: string, city: string, zip: integer}
type Customer = {
  id: integer, name: string, email: string, active: boolean, balance: number, note?: string, tags: {string}, address: Address,
}
local FIELDS = 8 + 3 + 3

return {
  main = function(count)
    local value: any = {
      id = 1, name = "one", email = "one@example.com", active = true, balance = 12.5, tags = { "a", "b", "c" },
      address = { street = "1 Long Street", city = "Town", zip = 10000 },
    }
    local function run(n)
      for _ = 1, n do Customer(value) end
    end
    assert(Customer(value))
    run(count // 10)
    local started = time.now()
    run(count)
    return count * FIELDS / 1e6 / time.now():sub(started):seconds()
  end,
}
