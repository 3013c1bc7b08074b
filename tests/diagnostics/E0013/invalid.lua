local lib = require("lib")
--          ^^^^^^^^^^^^^^ E0013
return lib
