/** What tests of stores share. */
import { entry, main } from "../lua_entries.ts";

/** The function `use`: calls a method of the store `app:store`; a failure comes as text. */
export const USE: string = entry(
  "use",
  "function.lua",
  main(`
local method, a, b, c = ...
local s = store.get("app:store")
local value, err = s[method](s, a, b, c)
if err then return err:kind() .. ": " .. err:message() end
return value`),
  "method: main\nmodules: [store]",
);
