--- Commands, run by executors: programs of the machine or containers. There is no shell.
---
--- ```lua
--- local exec = require("exec")
---
--- -- app:shell is an exec.native entry that allows the command echo.
--- local executor = assert(exec.get("app:shell"))
--- local command = assert(executor:exec("echo hello"))
--- local output = command:stdout_stream()
--- assert(command:start())
--- assert(output:read() == "hello\n")
--- assert(command:wait() == 0)
--- executor:release()
--- ```

--- Working directory, and variables beside those of the executor.
type exec.Options = {work_dir: string?, env: {[string]: string}?}

--- A command. Streams are taken before it is waited for; `wait` gives the exit code, 128 plus the signal when one ended it.
type exec.Process = {
  start: (self: exec.Process) -> (boolean?, error?),
  wait: (self: exec.Process) -> (integer?, error?),
  stdout_stream: (self: exec.Process) -> (stream.Stream?, error?),
  stderr_stream: (self: exec.Process) -> (stream.Stream?, error?),
  write_stdin: (self: exec.Process, data: string) -> (boolean?, error?),
  signal: (self: exec.Process, signal: integer) -> (boolean?, error?),
  close: (self: exec.Process, force: boolean?) -> (boolean?, error?)
}

--- An executor; `exec` prepares a command and starts nothing.
type exec.Executor = {
  exec: (self: exec.Executor, command: string, options: exec.Options?) -> (exec.Process?, error?),
  release: (self: exec.Executor) -> boolean
}

--- The executor of an entry.
function exec.get(id: string): (exec.Executor?, error?)
