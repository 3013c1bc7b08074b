/** Languages as objects of Lua. */
import { defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import { indexArgument } from "./arguments.ts";
import type { LoadedLanguage } from "./library.ts";

/** A language's metadata. */
export const languageObject: ObjectDefinition<LoadedLanguage> = defineObject<LoadedLanguage>({
  name: "treesitter.Language",
  methods: {
    name: (call) => call.self(languageObject).name,
    version: (call) => call.self(languageObject).grammar.abiVersion,
    node_kind_count: (call) => call.self(languageObject).grammar.nodeTypeCount,
    field_count: (call) => call.self(languageObject).grammar.fieldCount,
    parse_state_count: (call) => call.self(languageObject).grammar.stateCount,
    node_kind_for_id: (call) => {
      const { grammar } = call.self(languageObject);
      const id = indexArgument(call, 2);
      return id < 0 || id >= grammar.nodeTypeCount ? null : grammar.nodeTypeForId(id);
    },
    id_for_node_kind: (call) => {
      const { grammar } = call.self(languageObject);
      return grammar.idForNodeType(call.string(2), call.count < 3 || call.truthy(3));
    },
    node_kind_is_named: (call) => {
      const { grammar } = call.self(languageObject);
      const id = indexArgument(call, 2);
      return id >= 0 && id < grammar.nodeTypeCount && grammar.nodeTypeIsNamed(id);
    },
    field_name_for_id: (call) => {
      const { grammar } = call.self(languageObject);
      const id = indexArgument(call, 2);
      return id <= 0 || id > grammar.fieldCount ? null : grammar.fieldNameForId(id);
    },
    field_id_for_name: (call) => call.self(languageObject).grammar.fieldIdForName(call.string(2)),
  },
  tostring: ({ name }) => `treesitter.Language{${name}}`,
});
