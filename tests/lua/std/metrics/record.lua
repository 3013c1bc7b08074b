-- modules: metrics

test("recording answers true [metrics.counter] [metrics.gauge] [metrics.histogram]", function()
  assert(metrics.counter_inc("case_total", { kind = "x" }) == true)
  assert(metrics.counter_add("case_total", 2.5) == true)
  assert(metrics.gauge_set("case_gauge", 1) == true)
  assert(metrics.gauge_inc("case_gauge") == true and metrics.gauge_dec("case_gauge") == true)
  assert(metrics.histogram("case_seconds", 0.1, {}) == true)
end)

test("a name keeps its type", function()
  assert(metrics.gauge_set("case_kept", 1))
  for _, fn in ipairs({ metrics.counter_add, metrics.histogram }) do
    local value, err = fn("case_kept", 1)
    assert(value == nil and err:kind() == errors.INVALID)
  end
end)
