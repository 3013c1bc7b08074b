/** The `text` module: regular expressions in time that grows with the text only, differences and patches, and splitting for search. */
import { defineModule } from "../../src/lua/mod.ts";
import { differObject, newDiffer } from "./differ.ts";
import { compile, regexpObject } from "./regexp.ts";
import { markdown, recursive, splitterObject } from "./splitter.ts";
import types from "./text.d.lua" with { type: "text" };

export default defineModule({
  name: "text",
  types,
  classes: ["deterministic", "encoding", "workflow"],
  portable: true,
  functions: {
    "splitter.recursive": recursive,
    "splitter.markdown": markdown,
  },
  commands: {
    "regexp.compile": compile,
    "diff.new": newDiffer,
  },
  objects: [regexpObject as never, differObject as never, splitterObject as never],
});
