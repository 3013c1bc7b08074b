/** The `http` module: the request that a function answers, and its response. */
import { defineModule } from "../../src/lua/mod.ts";
import { HTTP_CONSTANTS } from "./constants.ts";
import { openRequest, requestObjects } from "./request.ts";
import { openResponse, responseObject } from "./response.ts";
import types from "./http.d.lua" with { type: "text" };

export default defineModule({
  name: "http",
  types,
  classes: ["network", "io", "nondeterministic"],
  constants: HTTP_CONSTANTS,
  functions: { request: openRequest, response: openResponse },
  objects: [...requestObjects, responseObject] as never,
});
