--- The terminal of a process that runs on a terminal host. Elsewhere every call fails with Unavailable.
---
--- ```lua
--- local io = require("io")
---
--- io.write("Name: ")
--- local name = io.readline()
--- io.print("Hello, " .. (name or "stranger") .. "!")
--- ```

--- Writes the values one after the other, without separator and without newline.
function io.write(...: any): (boolean?, error?)
--- Writes the values with tabs between them and a newline at the end.
function io.print(...: any): (boolean?, error?)
--- Like `print`, to standard error.
function io.eprint(...: any): (boolean?, error?)
--- Reads up to `size` bytes (1024 when absent or not positive); nil at the end of input.
function io.read(size: integer?): (string?, error?)
--- Reads a line without its end; nil at the end of input.
function io.readline(): (string?, error?)
--- Enters raw mode, or leaves it with `false`. Requests are counted; the end of the process undoes them all.
function io.raw(enable: boolean?): (boolean?, error?)
--- Waits until what was written has left the program.
function io.flush(): (boolean?, error?)
--- Arguments of the command.
function io.args(): ({string}?, error?)
