--- Services reached through contracts and their bindings.
---
--- ```lua
--- local contract = require("contract")
---
--- -- app:greeter is a contract.definition; the binding app:polite_greeter implements it.
--- local greeter = assert(contract.open("app:polite_greeter"))
--- assert(greeter:greet("Ada") == "Good day, Ada")
--- ```

--- A method of a contract.
type contract.MethodInfo = {
  name: string,
  description: string,
  input_schemas: {{format: string, definition: any}},
  output_schemas: {{format: string, definition: any}}
}

--- An opened binding. Its methods are those of its contracts; `<method>_async` returns a future.
type contract.Instance = {[string]: (self: contract.Instance, ...: any) -> (any, error?)}

--- A contract with additions for what is opened through it.
type contract.Contract = {
  id: (self: contract.Contract) -> string,
  methods: (self: contract.Contract) -> {contract.MethodInfo},
  method: (self: contract.Contract, name: string) -> (contract.MethodInfo?, error?),
  implementations: (self: contract.Contract) -> ({string}?, error?),
  open: (self: contract.Contract, binding_id: string?, scope: {[string]: any}?) -> (contract.Instance?, error?),
  with_context: (self: contract.Contract, values: {[string]: any}) -> (contract.Contract?, error?),
  with_actor: (self: contract.Contract, actor: any) -> (contract.Contract?, error?),
  with_scope: (self: contract.Contract, scope: any) -> (contract.Contract?, error?),
  with_options: (self: contract.Contract, options: {[string]: any}) -> (contract.Contract?, error?)
}

--- Opens a binding; query values and `scope` become context, `options` apply to every call.
function contract.open(binding_id: string, scope: {[string]: any}?, options: {[string]: any}?): (contract.Instance?, error?)
--- A contract by id.
function contract.get(id: string): (contract.Contract?, error?)
--- Ids of the bindings that implement a contract.
function contract.find_implementations(id: string): ({string}?, error?)
--- Whether an instance implements a contract.
function contract.is(instance: any, id: string): boolean
