-- modules: exec

local function failed(kind, message, fn, ...)
  local none, err = fn(...)
  assert(none == nil, "expected a failure")
  assert(err:kind() == kind, err:kind() .. ": " .. err:message())
  assert(err:retryable() == false)
  if message then assert(err:message() == message, err:message()) end
end

local function shell(command, options)
  return assert(exec.get("case:shell")):exec(command, options)
end

--- Runs a shell script; its output, errors and exit code.
local function run(script, options)
  local proc = assert(shell("sh -c '" .. script .. "'", options))
  local out, err = proc:stdout_stream(), proc:stderr_stream()
  assert(proc:start())
  local function all(stream)
    local parts = {}
    for part in function() return stream:read(4096) end do parts[#parts + 1] = part end
    stream:close()
    return table.concat(parts)
  end
  local text, problems = all(out), all(err)
  return text, problems, assert(proc:wait())
end

test("an executor is acquired by entry id [exec.get] [svc.exec.get] [exec.errors]", function()
  assert(exec.get("case:shell"))
  failed(errors.INVALID, "resource id is required", exec.get, "")
  failed(errors.INVALID, "executor not found: case:nothing", exec.get, "case:nothing")
  failed(errors.INVALID, "executor not found: case:other", exec.get, "case:other")
end)

test("a command is split into words and run without a shell [exec.exec] [svc.exec.exec] [exec.native] [kind.exec.native]", function()
  local proc = assert(shell([[printf '%s|' "a b" c\ d $HOME '*' ""]]))
  local out = proc:stdout_stream()
  assert(proc:start())
  local text = assert(out:read())
  assert(text == "a b|c d|$HOME|*||", text)
  assert(proc:wait() == 0)
  local ex = exec.get("case:shell")
  failed(errors.INVALID, "command is required", ex.exec, ex, "")
  failed(errors.INVALID, "command is required", ex.exec, ex, "  ")
  failed(errors.INVALID, 'command has an unterminated quote: echo "x', ex.exec, ex, 'echo "x')
end)

test("nothing runs before start [exec.exec] [svc.exec.exec]", function()
  local text = run("rm -f /tmp/wippy-exec-$PPID; echo $PPID")
  local path = "/tmp/wippy-exec-" .. text:match("%d+")
  assert(shell("touch " .. path))
  local there = select(3, run("test -e " .. path))
  assert(there == 1, "it ran")
end)

test("a released executor runs nothing more [exec.release] [svc.exec.signal] [exec.errors]", function()
  local ex = assert(exec.get("case:shell"))
  local proc = ex:exec("true")
  assert(ex:release() == true)
  failed(errors.INVALID, "executor is released", ex.exec, ex, "true")
  assert(proc:start() and proc:wait() == 0, "what it gave is still good")
end)

test("a process starts once, and is waited for [exec.start] [exec.wait] [svc.exec.run] [exec.errors]", function()
  local proc = assert(shell("true"))
  failed(errors.INVALID, "process not started: call start() first", proc.wait, proc)
  failed(errors.INVALID, "process not started: call start() first", proc.signal, proc, 15)
  failed(errors.INVALID, "process not started: call start() first", proc.write_stdin, proc, "x")
  assert(proc:start() == true)
  failed(errors.INVALID, "process already started", proc.start, proc)
  assert(proc:wait() == 0 and proc:wait() == 0)
end)

test("an exit code is a value, also that of a signal [exec.wait]", function()
  assert(select(3, run("exit 3")) == 3)
  assert(select(3, run("kill -9 $$")) == 137)
end)

test("a command that is not there, or can't be run, does not start [exec.start]", function()
  for command, kind in pairs({
    ["no-such-command-anywhere"] = errors.NOT_FOUND,
    ["/no/such/command"] = errors.NOT_FOUND,
    ["/etc/passwd"] = errors.PERMISSION_DENIED,
  }) do
    local proc = shell(command)
    failed(kind, nil, proc.start, proc)
    failed(errors.INVALID, "process already started", proc.start, proc)
  end
  local proc = shell("true", { work_dir = "/no/such/directory" })
  failed(errors.NOT_FOUND, "working directory not found: /no/such/directory", proc.start, proc)
end)

test("output and errors are streams of their own [exec.streams] [svc.exec.io]", function()
  local text, problems, code = run("echo out; echo problem >&2; exit 1")
  assert(text == "out\n" and problems == "problem\n" and code == 1)
  local proc = shell("echo once")
  local out = proc:stdout_stream()
  proc:start()
  assert(out:read() == "once\n")
  assert(out:read() == nil and out:read() == nil)
  assert(out:close() and out:close())
  proc = shell("printf 'one two\nthree'")
  local scanner = proc:stdout_stream():scanner("words")
  proc:start()
  local words = {}
  while scanner:scan() do words[#words + 1] = scanner:text() end
  assert(table.concat(words, "|") == "one|two|three")
end)

test("input is written, an empty string ends it [exec.stdin] [svc.exec.io]", function()
  local proc = assert(shell("sort"))
  local out = proc:stdout_stream()
  proc:start()
  assert(proc:write_stdin("banana\napple\ncherry\n") == true)
  assert(proc:write_stdin("") == true)
  assert(out:read() == "apple\nbanana\ncherry\n")
  assert(proc:wait() == 0)
  failed(errors.UNAVAILABLE, "process reads no more input", proc.write_stdin, proc, "more")
end)

test("much goes in and out in bounded memory, whoever is slower [exec.stdin] [exec.streams]", function()
  local proc = assert(shell("cat"))
  local out = proc:stdout_stream()
  proc:start()
  local part = ("0123456789abcdef"):rep(4096)
  coroutine.spawn(function()
    for _ = 1, 100 do assert(proc:write_stdin(part)) end
    proc:write_stdin("")
  end)
  local size = 0
  for chunk in function() return out:read(100000) end do size = size + #chunk end
  assert(size == 100 * #part, size)
  assert(proc:wait() == 0)
end)

test("signals reach a process; close asks, or forces [exec.signal] [svc.exec.signal] [exec.errors]", function()
  local proc = shell("sleep 100")
  proc:start()
  assert(proc:signal(2) == true)
  assert(proc:wait() == 130)
  failed(errors.INVALID, "process has ended", proc.signal, proc, 2)
  proc = shell("sleep 100")
  proc:start()
  assert(proc:close() == true)
  failed(errors.INVALID, "process is closed", proc.write_stdin, proc, "x")
  failed(errors.INVALID, "process is closed", proc.signal, proc, 2)
  assert(proc:wait() == 143)
  proc = shell("true")
  assert(proc:close())
  failed(errors.INVALID, "process is closed", proc.start, proc)
  failed(errors.INVALID, "signal must be an integer between 1 and 64", proc.signal, proc, 99)
end)

test("a process that ignores being asked is ended by force, with what it started [exec.signal]", function()
  local proc = shell([[sh -c 'trap "" TERM; echo ready; sleep 100 & wait; sleep 100']])
  local out = proc:stdout_stream()
  proc:start()
  assert(out:read() == "ready\n")
  assert(proc:close())
  assert(proc:close(true))
  assert(proc:wait() == 137)
  assert(out:read() == nil, "nobody holds the output any more")
end)

test("a command whose output nobody takes is not held up [exec.wait]", function()
  local proc = shell("head -c 3000000 /dev/zero")
  proc:start()
  assert(proc:wait() == 0)
end)

test("output is kept for a script that waits first, up to a limit [exec.wait]", function()
  local proc = shell("head -c 3000000 /dev/zero")
  local out = proc:stdout_stream()
  proc:start()
  assert(proc:wait() == 0)
  local size = 0
  for chunk in function() return out:read(1000000) end do size = size + #chunk end
  assert(size == 3000000)
  proc = shell("head -c 30000000 /dev/zero")
  out = proc:stdout_stream()
  proc:start()
  failed(errors.LIMIT_EXCEEDED or "LimitExceeded",
    "process has more than 16777216 bytes of unread output: read stdout_stream before wait", proc.wait, proc)
  proc:close(true)
end)

test("the environment holds what is configured and given, nothing else [exec.native] [kind.exec.native]", function()
  local text = run("env | grep -v ^PWD= | grep -v ^_= | grep -v ^SHLVL= | sort", { env = { EXTRA = "1", GREETING = "hi there" } })
  assert(text == "EXTRA=1\nGREETING=hi there\nPATH=/usr/local/bin:/usr/bin:/bin\n", text)
  local proc = exec.get("case:bare"):exec("env")
  local out = proc:stdout_stream()
  proc:start()
  assert(out:read() == nil and proc:wait() == 0)
  local ex = exec.get("case:shell")
  failed(errors.INVALID, "env.A must be a string", ex.exec, ex, "env", { env = { A = {} } })
end)

test("the working directory is that of the command, else of the executor [exec.exec] [exec.native] [kind.exec.native]", function()
  local proc = exec.get("case:bare"):exec("pwd")
  local out = proc:stdout_stream()
  proc:start()
  assert(out:read() == "/\n")
  assert(run("pwd", { work_dir = "/usr" }) == "/usr\n")
end)

test("a whitelist compares whole command lines [kind.exec.whitelist] [exec.native]", function()
  local ex = assert(exec.get("case:listed"))
  for _, command in ipairs({ "ls", "echo fine" }) do
    local proc = assert(ex:exec(command))
    assert(proc:start() and proc:wait() == 0)
  end
  for _, command in ipairs({ "ls -la", "echo", "echo fine ", "echo  fine", "rm" }) do
    failed(errors.PERMISSION_DENIED, "command not allowed", ex.exec, ex, command)
  end
end)
