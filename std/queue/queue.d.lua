--- Message queues.
---
--- ```lua
--- local queue = require("queue")
---
--- -- A queue.consumer entry calls its function with each message.
--- assert(queue.publish("app:jobs", { user = 17 }, { priority = "high" }))
--- ```

--- The message that a consumer's handler works on. Settling it is single-shot and only needed to do it early.
--- From an AMQP broker the header `x_delivery_count` says how often a message came before; it is missing the first time.
type queue.Message = {
  id: (self: queue.Message) -> (string?, error?),
  header: (self: queue.Message, key: string) -> (any, error?),
  headers: (self: queue.Message) -> ({[string]: any}?, error?),
  ack: (self: queue.Message) -> (boolean?, error?),
  nack: (self: queue.Message) -> (boolean?, error?)
}

--- Publishes a message; waits while the queue is full. Header values are strings, numbers or booleans.
function queue.publish(id: string, data: any, headers: {[string]: any}?): (boolean?, error?)
--- The message being handled; INVALID outside of a consumer's handler.
function queue.message(): (queue.Message?, error?)
--- Facts of a queue; which ones depends on its driver.
function queue.info(id: string): ({message_count?: integer, consumer_count?: integer, ready?: boolean}?, error?)
