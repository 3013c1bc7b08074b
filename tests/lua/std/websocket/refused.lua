-- modules: websocket

test("what is no WebSocket is refused", function()
  local none, err = websocket.connect("http://127.0.0.1/")
  assert(none == nil and err:kind() == errors.INVALID and err:retryable() == false)
  none, err = websocket.connect("ws://127.0.0.1:1/")
  assert(none == nil and err:kind() == errors.INTERNAL and err:retryable() == true)
  assert(not pcall(websocket.connect))
end)
