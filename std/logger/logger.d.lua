--- Structured log records.
---
--- ```lua
--- local logger = require("logger")
---
--- logger:info("order placed", { order = 17, total = 99.5 })
--- local log = logger:named("billing"):with({ order = 17 })
--- log:warn("card declined")
--- ```

--- Writes records with a name and fields of its own.
type logger.Logger = {
  debug: (self: logger.Logger, message: string, fields: {[string]: any}?) -> (),
  info: (self: logger.Logger, message: string, fields: {[string]: any}?) -> (),
  warn: (self: logger.Logger, message: string, fields: {[string]: any}?) -> (),
  error: (self: logger.Logger, message: string, fields: {[string]: any}?) -> (),
  with: (self: logger.Logger, fields: {[string]: any}) -> logger.Logger,
  named: (self: logger.Logger, name: string) -> (logger.Logger?, error?)
}

--- Writes at debug level.
function logger:debug(message: string, fields: {[string]: any}?)
--- Writes at info level.
function logger:info(message: string, fields: {[string]: any}?)
--- Writes at warn level.
function logger:warn(message: string, fields: {[string]: any}?)
--- Writes at error level.
function logger:error(message: string, fields: {[string]: any}?)
--- A logger with more fields.
function logger:with(fields: {[string]: any}): logger.Logger
--- A logger with a name.
function logger:named(name: string): (logger.Logger?, error?)
