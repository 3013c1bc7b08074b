/** The `errors` module. All of it runs inside the VM; here stand its names and types. */
import { defineModule } from "../../src/lua/mod.ts";
import types from "./errors.d.lua" with { type: "text" };

export default defineModule({
  name: "errors",
  types,
  classes: ["deterministic", "workflow"],
  portable: true,
  constants: {
    UNKNOWN: "",
    INVALID: "Invalid",
    NOT_FOUND: "NotFound",
    ALREADY_EXISTS: "AlreadyExists",
    PERMISSION_DENIED: "PermissionDenied",
    TIMEOUT: "Timeout",
    CANCELED: "Canceled",
    UNAVAILABLE: "Unavailable",
    INTERNAL: "Internal",
    CONFLICT: "Conflict",
    RATE_LIMITED: "RateLimited",
  },
  builtins: { new: "errors.new", wrap: "errors.wrap", is: "errors.is", call_stack: "errors.call_stack" },
});
