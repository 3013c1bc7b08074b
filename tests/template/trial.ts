/** What the tests of templates have in common. */
import { JetTemplates, type TemplateSetOptions } from "../../src/template/mod.ts";
import { LuaFloat, type LuaValue } from "../../src/vm/mod.ts";

/** Data of the tests. */
export const DATA: LuaValue = {
  user: { name: "Ann", email: "ann@example.com", age: 41, tags: ["x", "y"], nothing: null },
  users: [{ name: "Bo", admin: true }, { name: "Joe", admin: false }],
  items: ["a", "b", "c"],
  empty: [],
  pairs: { b: 2, a: 1 },
  markup: `<b class="x">'&'</b>`,
  text: "hello",
  yes: true,
  no: false,
  zero: 0,
  blank: "",
  n: 7,
  f: 2.5,
  whole: new LuaFloat(4),
  tree: [{ text: "1", children: [{ text: "1.1", children: [] }] }, { text: "2", children: [] }],
};

/** Options of a set without settings. */
export const OPTIONS: TemplateSetOptions = {
  isDevelopment: false,
  delimiters: { left: "{{", right: "}}", commentLeft: "{*", commentRight: "*}" },
  extensions: [".jet", ".html.jet", ".jet.html"],
  globals: { site: "Wippy", "user_global": 1 },
};

/** A set of these templates. */
export function setOf(
  templates: Record<string, string>,
  options: Partial<TemplateSetOptions> = {},
): JetTemplates {
  const set = new JetTemplates({ ...OPTIONS, ...options });
  for (const [name, source] of Object.entries(templates)) set.put(name, source);
  return set;
}

/** The text of one template. */
export function render(source: string, data: LuaValue = DATA): string {
  return setOf({ main: source }).render("main", data);
}
