--- Time functions of the standard library.
---
--- ```lua
--- local now = os.time()
--- assert(os.difftime(now + 60, now) == 60)
--- assert(os.date("!%Y-%m-%d", 0) == "1970-01-01")
--- assert(os.platform == "wippy")
--- ```

--- Parts of a moment. What is missing is today, or midnight.
type os.Date = {year: integer, month: integer, day: integer, hour: integer, min: integer, sec: integer, wday: integer, yday: integer, isdst: boolean}

--- Seconds since the Unix epoch: now, or those of a local date.
function os.time(spec: {year?: integer, month?: integer, day?: integer, hour?: integer, min?: integer, sec?: integer}?): number
--- A moment as text; a leading "!" means UTC, "*t" gives a table.
function os.date(format: string?, timestamp: number?): any
--- Seconds since the runtime started.
function os.clock(): number
--- Seconds from t1 to t2.
function os.difftime(t2: number, t1: number): number

--- "wippy".
os.platform: string
