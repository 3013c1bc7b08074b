-- Starts idle processes and stays, so that memory can be read from outside.
return {
  main = function(count)
    for _ = 1, count do assert(process.spawn("bench:idle", "bench:processes")) end
    print("population ready")
    process.inbox():receive()
  end,
}
