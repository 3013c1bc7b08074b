--- Measurements of the application.
---
--- ```lua
--- local metrics = require("metrics")
---
--- metrics.counter_inc("orders_total", { country = "NL" })
--- metrics.gauge_set("queue_depth", 12)
--- metrics.histogram("checkout_seconds", 0.31)
--- ```

--- Counts one.
function metrics.counter_inc(name: string, labels: {[string]: any}?): (boolean?, error?)
--- Adds to a counter, which never goes down.
function metrics.counter_add(name: string, value: number, labels: {[string]: any}?): (boolean?, error?)
--- Sets a gauge.
function metrics.gauge_set(name: string, value: number, labels: {[string]: any}?): (boolean?, error?)
--- Adds one to a gauge.
function metrics.gauge_inc(name: string, labels: {[string]: any}?): (boolean?, error?)
--- Takes one from a gauge.
function metrics.gauge_dec(name: string, labels: {[string]: any}?): (boolean?, error?)
--- Records one observation.
function metrics.histogram(name: string, value: number, labels: {[string]: any}?): (boolean?, error?)
