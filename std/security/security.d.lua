--- Who acts, what policies allow, and tokens that stand for both.
---
--- ```lua
--- local security = require("security")
---
--- local scope = security.new_scope({ assert(security.policy("app:readers")) })
--- local actor = security.new_actor("user:17", { role = "reader" })
--- assert(scope:evaluate(actor, "read", "document:1") == "allow")
--- assert(scope:evaluate(actor, "delete", "document:1") ~= "allow")
--- ```

--- An identity with facts about it.
type security.Actor = {
  id: (self: security.Actor) -> string,
  meta: (self: security.Actor) -> {[string]: any}
}

--- One rule.
type security.Policy = {
  id: (self: security.Policy) -> string,
  evaluate: (self: security.Policy, actor: security.Actor, action: string, resource: string, meta: {[string]: any}?) -> string
}

--- An immutable set of policies. `evaluate` answers "allow", "deny" or "undefined".
type security.Scope = {
  with: (self: security.Scope, policy: security.Policy) -> security.Scope,
  without: (self: security.Scope, policy_id: string) -> security.Scope,
  contains: (self: security.Scope, policy_id: string) -> boolean,
  policies: (self: security.Scope) -> {security.Policy},
  evaluate: (self: security.Scope, actor: security.Actor, action: string, resource: string, meta: {[string]: any}?) -> string
}

--- Issues and checks tokens. `expiration` is a duration such as "24h", or milliseconds.
type security.TokenStore = {
  create: (self: security.TokenStore, actor: security.Actor, scope: security.Scope, options: {expiration?: string | number, meta?: {[string]: any}}?) -> (string?, error?),
  validate: (self: security.TokenStore, token: string) -> (security.Actor?, security.Scope?, error?),
  revoke: (self: security.TokenStore, token: string) -> (boolean?, error?),
  close: (self: security.TokenStore) -> boolean
}

--- The actor of the current context.
function security.actor(): security.Actor?
--- The scope of the current context.
function security.scope(): security.Scope?
--- Whether the current actor and scope allow it; false when either is missing.
function security.can(action: string, resource: string, meta: {[string]: any}?): boolean
--- A new identity.
function security.new_actor(id: string, meta: {[string]: any}?): security.Actor
--- A scope of these policies, or an empty one.
function security.new_scope(policies: {security.Policy}?): security.Scope
--- A policy by id.
function security.policy(id: string): (security.Policy?, error?)
--- The scope of all policies in a group.
function security.named_scope(id: string): (security.Scope?, error?)
--- A token store by id.
function security.token_store(id: string): (security.TokenStore?, error?)
