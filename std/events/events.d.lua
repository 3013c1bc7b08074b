--- The event bus: best-effort observation of what happens in the system.
---
--- ```lua
--- local events = require("events")
---
--- local subscription = assert(events.subscribe("orders", "order.*"))
--- events.send("orders", "order.created", "/orders/17", { total = 99 })
---
--- local event = subscription:channel():receive()
--- assert(event.kind == "order.created" and event.data.total == 99)
--- subscription:close()
--- ```

--- An event; `data` is absent when it was sent without.
type events.Event = {system: string, kind: string, path: string, data?: any}

--- Interest in events, until it is closed or its process ends.
type events.Subscription = {
  --- The channel that events arrive on; the same every time.
  channel: (self: events.Subscription) -> channel.Channel<events.Event>,
  --- Unsubscribes and closes the channel.
  close: (self: events.Subscription) -> boolean
}

--- Subscribes to events. Patterns are split at dots: `*` is one segment, `**` any number, `(a|b)` alternatives; a system of
--- `*` alone and a kind that is absent or `*` match everything.
function events.subscribe(system: string, kind: string?): (events.Subscription?, error?)
--- Sends an event and does not wait for anyone.
function events.send(system: string, kind: string, path: string, data: any?): (boolean?, error?)
