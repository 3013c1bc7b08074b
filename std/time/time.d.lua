--- Points in time, durations, time zones and waiting.
---
--- ```lua
--- local time = require("time")
---
--- local start = time.now()
--- time.sleep("5ms")
--- assert(time.now():sub(start):milliseconds() >= 4)
---
--- local day = time.date(2026, time.MARCH, 1, 12, 0, 0, 0, time.utc)
--- assert(day:add_date(0, 0, -1):format("2006-01-02") == "2026-02-28")
---
--- -- Whatever comes first.
--- local timeout = time.after("1ms")
--- local r = channel.select({ timeout:case_receive() })
--- assert(r.channel == timeout)
--- ```

--- A number of nanoseconds, a text such as "1h30m", or a Duration.
type time.DurationLike = number | string | time.Duration

--- A point in time with nanoseconds, shown in a zone.
type time.Time = {
  add: (self: time.Time, duration: time.DurationLike) -> (time.Time?, error?),
  sub: (self: time.Time, other: time.Time) -> time.Duration,
  add_date: (self: time.Time, years: integer, months: integer, days: integer) -> time.Time,
  before: (self: time.Time, other: time.Time) -> boolean,
  after: (self: time.Time, other: time.Time) -> boolean,
  equal: (self: time.Time, other: time.Time) -> boolean,
  format: (self: time.Time, layout: string) -> string,
  format_rfc3339: (self: time.Time) -> string,
  unix: (self: time.Time) -> integer,
  unix_nano: (self: time.Time) -> integer,
  date: (self: time.Time) -> (integer, integer, integer),
  clock: (self: time.Time) -> (integer, integer, integer),
  year: (self: time.Time) -> integer,
  month: (self: time.Time) -> integer,
  day: (self: time.Time) -> integer,
  hour: (self: time.Time) -> integer,
  minute: (self: time.Time) -> integer,
  second: (self: time.Time) -> integer,
  nanosecond: (self: time.Time) -> integer,
  weekday: (self: time.Time) -> integer,
  year_day: (self: time.Time) -> integer,
  is_zero: (self: time.Time) -> boolean,
  utc: (self: time.Time) -> time.Time,
  in_local: (self: time.Time) -> time.Time,
  in_location: (self: time.Time, location: time.Location) -> time.Time,
  location: (self: time.Time) -> time.Location,
  round: (self: time.Time, duration: time.Duration) -> time.Time,
  truncate: (self: time.Time, duration: time.Duration) -> time.Time,
  string: (self: time.Time) -> string
}

--- A length of time. Hours, minutes and seconds have fractions, the smaller units are cut to whole numbers.
type time.Duration = {
  hours: (self: time.Duration) -> number,
  minutes: (self: time.Duration) -> number,
  seconds: (self: time.Duration) -> number,
  milliseconds: (self: time.Duration) -> integer,
  microseconds: (self: time.Duration) -> integer,
  nanoseconds: (self: time.Duration) -> integer,
  string: (self: time.Duration) -> string
}

--- A time zone.
type time.Location = {
  string: (self: time.Location) -> string
}

--- Fires once.
type time.Timer = {
  response: (self: time.Timer) -> channel.Channel<time.Time>,
  channel: (self: time.Timer) -> channel.Channel<time.Time>,
  stop: (self: time.Timer) -> boolean,
  reset: (self: time.Timer, duration: time.DurationLike) -> boolean
}

--- Fires again and again; ticks that nobody is ready for are dropped.
type time.Ticker = {
  response: (self: time.Ticker) -> channel.Channel<time.Time>,
  channel: (self: time.Ticker) -> channel.Channel<time.Time>,
  stop: (self: time.Ticker) -> boolean
}

--- Coordinated universal time.
time.utc: time.Location
--- The local zone.
time.localtz: time.Location

--- The current time.
function time.now(): time.Time
--- A time from its parts, in a zone (default: local).
function time.date(year: integer, month: integer, day: integer, hour: integer, minute: integer, second: integer, nanosecond: integer, location: time.Location?): time.Time
--- A time from seconds and nanoseconds since the Unix epoch.
function time.unix(sec: integer, nsec: integer): time.Time
--- Reads a time by a layout, in a zone (default: UTC).
function time.parse(layout: string, value: string, location: time.Location?): (time.Time?, error?)
--- A duration from nanoseconds, a text or a Duration.
function time.parse_duration(value: time.DurationLike): (time.Duration?, error?)
--- A zone of the IANA database.
function time.load_location(name: string): (time.Location?, error?)
--- A zone with a fixed offset in seconds east of UTC.
function time.fixed_zone(name: string, offset: integer): time.Location
--- Suspends the caller.
function time.sleep(duration: time.DurationLike): (nil, error?)
--- A channel that gets one value after the duration.
function time.after(duration: time.DurationLike): (channel.Channel<time.Time>?, error?)
--- A timer that fires once.
function time.timer(duration: time.DurationLike): (time.Timer?, error?)
--- A timer that fires at every interval.
function time.ticker(duration: time.DurationLike): (time.Ticker?, error?)

--- Units of durations, in nanoseconds.
time.NANOSECOND: integer
time.MICROSECOND: integer
time.MILLISECOND: integer
time.SECOND: integer
time.MINUTE: integer
time.HOUR: integer
--- Layouts.
time.RFC3339: string
time.RFC3339NANO: string
time.RFC822: string
time.RFC822Z: string
time.RFC850: string
time.RFC1123: string
time.RFC1123Z: string
time.DATE_TIME: string
time.DATE_ONLY: string
time.TIME_ONLY: string
time.KITCHEN: string
time.STAMP: string
time.STAMP_MILLI: string
time.STAMP_MICRO: string
time.STAMP_NANO: string
--- Months, 1 to 12.
time.JANUARY: integer
time.FEBRUARY: integer
time.MARCH: integer
time.APRIL: integer
time.MAY: integer
time.JUNE: integer
time.JULY: integer
time.AUGUST: integer
time.SEPTEMBER: integer
time.OCTOBER: integer
time.NOVEMBER: integer
time.DECEMBER: integer
--- Weekdays, Sunday is 0.
time.SUNDAY: integer
time.MONDAY: integer
time.TUESDAY: integer
time.WEDNESDAY: integer
time.THURSDAY: integer
time.FRIDAY: integer
time.SATURDAY: integer
