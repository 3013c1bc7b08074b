-- Downloads many megabytes into a file, uploads the file again, and removes it; gives the seconds it took.
return {
  main = function(base, megabytes)
    local vol = assert(fs.get("bench:files"))
    local started = time.now()
    local response = assert(http_client.get(base .. "/down", { query = { mb = megabytes }, stream = true }))
    local file = assert(vol:open("down.bin", "w"))
    local size = 0
    for chunk in function() return response.stream:read(262144) end do
      size = size + #chunk
      assert(file:write(chunk))
    end
    file:close()
    assert(size == megabytes * 1048576, size)
    file = assert(vol:open("down.bin", "r"))
    local answer = assert(http_client.post(base .. "/up", { files = { { name = "f", reader = file } }, timeout = "300s" }))
    file:close()
    assert(tonumber(answer.body) > size, answer.body)
    vol:remove("down.bin")
    return time.now():sub(started):seconds()
  end,
}
