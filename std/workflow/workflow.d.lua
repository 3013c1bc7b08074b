--- What only a workflow can ask: about itself, of its children, and of its own past.
---
--- ```lua
--- local workflow = require("workflow")
---
--- local info = workflow.info()
--- assert(info.workflow_type == "app:example" and info.task_queue == "orders")
---
--- -- Runs that began before a change keep to the old way, new ones take the newest.
--- local way = workflow.version("greeting", 1, 2)
--- local greeting = assert(workflow.exec(way == 1 and "app:greet_shortly" or "app:greet_warmly", "Ada"))
--- assert(greeting == "Good day, Ada")
---
--- workflow.attrs({ search = { customer = "Ada", orders = 1 }, memo = { note = "prefers tea" } })
--- ```

--- Facts about a run. `history_length` is the number of recorded events up to the step it is in, `history_size` their bytes.
type workflow.Info = {
  workflow_id: string,
  run_id: string,
  workflow_type: string,
  task_queue: string,
  namespace: string,
  attempt: integer,
  history_length: integer,
  history_size: integer
}

--- What others may look a workflow up by (`search`: texts, numbers, booleans and lists of texts), and what is kept with it (`memo`).
type workflow.Attributes = {search: {[string]: any}?, memo: {[string]: any}?}

--- Facts about this run.
function workflow.info(): (workflow.Info?, error?)
--- Runs another workflow to its end and gives its result: on the worker that it is registered with, else on this one's. It is a part
--- of this one: it goes on when the program begins anew, and what it gave is recorded.
function workflow.exec(entry: string, ...: any): (any, error?)
--- The way this run takes at a change of its code. The first call for a change decides: `max_supported` in a run that gets here for the
--- first time, `min_supported` in one that had passed this place before the call was there. The decision is recorded.
--- Code that no longer supports it stops the workflow until it does.
function workflow.version(change_id: string, min_supported: integer, max_supported: integer): (integer?, error?)
--- Adds to the search attributes and the memo; names given before get the new values.
function workflow.attrs(attributes: workflow.Attributes): (boolean?, error?)
--- Recorded events up to this step.
function workflow.history_length(): (integer?, error?)
--- Bytes of the recorded events up to this step.
function workflow.history_size(): (integer?, error?)
