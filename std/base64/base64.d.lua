--- Bytes as text.
---
--- ```lua
--- local base64 = require("base64")
---
--- local text = base64.encode("bytes \0 and more")
--- assert(text == "Ynl0ZXMgACBhbmQgbW9yZQ==")
--- assert(base64.decode(text) == "bytes \0 and more")
---
--- local data, err = base64.decode("not base64!")
--- if err then print(err:kind(), err:message()) end
--- ```

--- Base64 of a string, with padding.
function base64.encode(data: string): (string?, error?)
--- The string behind base64.
function base64.decode(data: string): (string?, error?)
