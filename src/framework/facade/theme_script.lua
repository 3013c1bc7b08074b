--- The script with which any page keeps and applies the mode of the theme.

local json = require("json")

local SCRIPT = [[
(function () {
  var mode = %MODE%, key = %KEY%;
  var prefix = key + "=";
  function known(value) { return value === "auto" || value === "light" || value === "dark" ? value : null; }
  function cookie() {
    var all = document.cookie.split("; ");
    for (var i = 0; i < all.length; i++) if (all[i].indexOf(prefix) === 0) return all[i].slice(prefix.length);
    return null;
  }
  function read() {
    try {
      return known(mode === "cookie" ? cookie() : mode === "localStorage" ? localStorage.getItem(key) : null);
    } catch (_) {
      return null;
    }
  }
  function write(value) {
    if (known(value) === null) return;
    try {
      if (mode === "cookie") {
        document.cookie = prefix + value + "; path=/; max-age=31536000; samesite=lax" +
          (location.protocol === "https:" ? "; secure" : "");
      } else if (mode === "localStorage") localStorage.setItem(key, value);
    } catch (_) { /* A page without storage keeps nothing. */ }
  }
  function apply(value) {
    var root = document.documentElement;
    root.classList.remove("w-theme-light", "w-theme-dark");
    root.style.colorScheme = "";
    if (value !== "light" && value !== "dark") return;
    root.classList.add("w-theme-" + value);
    root.style.colorScheme = value;
  }
  window.wippyThemePersist = { mode: mode, key: key, read: read, write: write, apply: apply };
  var kept = read();
  if (kept !== null) apply(kept);
})();
]]

local M = {}

--- The script for a way of keeping the mode and the key that it is kept under.
function M.text(mode: string, key: string): string
  local values = {MODE = assert(json.encode(mode)), KEY = assert(json.encode(key))}
  return (SCRIPT:gsub("%%(%u+)%%", values))
end

return M
