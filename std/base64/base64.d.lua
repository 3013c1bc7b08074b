--- Bytes as text.

--- Base64 of a string, with padding.
function base64.encode(data: string): (string?, error?)
--- The string behind base64.
function base64.decode(data: string): (string?, error?)
