--- Values that travel with calls and spawns.

--- The value under a key; NOT_FOUND when nobody set it.
function ctx.get(key: string): (any, error?)
--- All values.
function ctx.all(): ({[string]: any}?, error?)
