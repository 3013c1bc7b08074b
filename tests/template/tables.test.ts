/** Jet templates, by tables of their public definition: what stands left is rendered as what stands right. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { render, setOf } from "./trial.ts";

function table(name: string, cases: readonly (readonly [source: string, text: string])[]): void {
  test(`templates: ${name}`, () => {
    for (const [source, text] of cases) {
      let result: string;
      try {
        result = render(source);
      } catch (error) {
        throw new Error(`${source}: ${(error as Error).message}`, { cause: error });
      }
      assert.equal(result, text, source);
    }
  });
}

table("text, comments, white space", [
  ["plain { text } }", "plain { text } }"],
  ["a {{ text }} b", "a hello b"],
  ["{{text}}{{ text }}", "hellohello"],
  ["foo {{- text -}} baz", "foohellobaz"],
  ["foo\n\t {{- text }} baz", "foohello baz"],
  ["{{ text -}}\n  x", "hellox"],
  ["{{-1}}{{ -1 }}{{ 3 -1 }}", "-1-12"],
  ["a{* note {{ broken *}b", "ab"],
  ['a{*\n{{ include "none" }}\n*}b', "ab"],
  ["{{ text {* inside *} }}", "hello"],
  ["{{}}x{{ }}", "x"],
]);

table("values", [
  ['{{ user.name }} {{ user["email"] }}', "Ann ann@example.com"],
  ['{{ .user.name }} {{ .["text"] }}', "Ann hello"],
  ["{{ items[0] }}{{ items[1+1] }}", "ac"],
  ["{{ users[1].name }}", "Joe"],
  ["{{ text[1] }}", "101"],
  ["{{ items[1:] }} {{ items[:1] }} {{ items[0:2] }}", "[b c] [a] [a b]"],
  ["{{ text[1:3] }}", "el"],
  ["{{ user.missing }}|{{ user.nothing }}|{{ nil }}", "||"],
  ["{{ yes }} {{ n }} {{ f }} {{ whole }} {{ pairs }}", "true 7 2.5 4 map[a:1 b:2]"],
  ['{{ "a\\tb\\"c\\u00e9" }}', "a\tb&#34;cé"],
  ["{{ `raw\\n` }} {{ 'a' }} {{ 0x10 }}", "raw\\n 97 16"],
  ["{{ site }}", "Wippy"],
]);

table("operators", [
  ["{{ 1 + 2 * 3 - 4 }}", "3"],
  ["{{ (1 + 2) * 3 - 4.1 }}", "4.9"],
  ["{{ 7 / 2 }} {{ 7.0 / 2 }} {{ 7 % 4 }} {{ -n }}", "3 3.5 3 -7"],
  ['{{ "HELLO" + " " + "WORLD!" }}', "HELLO WORLD!"],
  ['{{ "n=" + n }}', "n=7"],
  ["{{ n == 7 && !no || zero == 1 }}", "true"],
  ["{{ n >= 7 }}{{ n < 7 }}{{ n <= 7 }}{{ n > 7.5 }}{{ n != 8 }}", "truefalsetruefalsetrue"],
  ['{{ "a" < "b" }} {{ n == "7" }}', "true false"],
  ["{{ blank || text }} {{ text && zero }}", "true false"],
  ['{{ yes ? "on" : "off" }} {{ blank ? 1 : zero ? 2 : 3 }}', "on 3"],
  ["{{ yes and not no or no }}", "true"],
]);

table("variables", [
  ['{{ foo := "bar" }}{{ foo }}{{ foo = 4711 }}{{ foo }}', "bar4711"],
  ["{{ a, b := 1, 2 }}{{ a, b = b, a }}{{ a }}{{ b }}", "21"],
  ["{{ _ := len(text) }}{{ _ = 1 }}x", "x"],
  ["{{ x := 1; x + 1 }}", "2"],
  ["{{ x := 1 }}{{ if yes }}{{ x = 2 }}{{ y := 3 }}{{ end }}{{ x }}{{ isset(y) }}", "2false"],
  ["{{ x := 1 }}{{ if yes }}{{ x := 2 }}{{ x }}{{ end }}{{ x }}", "21"],
  ["{{ text = 1 }}{{ text }}", "1"],
]);

table("functions and pipelines", [
  ["{{ len(text) }} {{ len: text }} {{ text | len }}", "5 5 5"],
  ['{{ "FOO" | lower | len }} {{ "123" | lower | upper | len }}', "3 3"],
  [
    '{{ "hello" | repeat: 2 | len }} {{ "hello" | repeat(2) | len }} {{ len(repeat("hello", 2)) }}',
    "10 10 10",
  ],
  ['{{ 2 | repeat("foo", _) }}', "foofoo"],
  ['{{ 2 | repeat("foo", _) | repeat(_, 3) | len }}', "18"],
  ['{{ 2 | repeat: "foo", _ | repeat: _, 3 | len }}', "18"],
  ['{{ 2 | repeat: "foo", _ | repeat: 3 | len }}', "18"],
  ['{{ len: slice("asd", "foo") }}', "2"],
  ['{{ upper(text) }} {{ trimSpace(" a ") }}', "HELLO a"],
  ['{{ hasPrefix(text, "he") }} {{ hasSuffix(text, "x") }}', "true false"],
  ['{{ replace("aaa", "a", "b", 2) }} {{ replace("aaa", "a", "b", -1) }}', "bba bbb"],
  ['{{ split("a,b", ",") }} {{ len(split("a,b", ",")) }}', "[a b] 2"],
  ['{{ url("a b&c/é") }}', "a+b%26c%2F%C3%A9"],
  ['{{ m := map("foo", 123, "bar", 456) }}{{ m.foo }} {{ m["bar"] }} {{ len(m) }}', "123 456 2"],
  ['{{ s := slice("foo", "bar") }}{{ s[0] }} {{ array(1, 2)[1] }}', "foo 2"],
  [
    "{{ isset(text, user.name) }} {{ isset(user.missing) }} {{ isset(none) }} {{ isset(none.x.y) }}",
    "true false false false",
  ],
  [
    "{{ json(user.tags) | raw }} {{ json(markup) | raw }}",
    '["x","y"] "\\u003cb class=\\"x\\"\\u003e\'\\u0026\'\\u003c/b\\u003e"',
  ],
  ["{{ range i := ints(2, 5) }}{{ i }}{{ . }} {{ end }}", "02 13 24 "],
  ["{{ (text | upper) + 1 }}", "HELLO1"],
]);

table("escaping", [
  ["{{ markup }}", "&lt;b class=&#34;x&#34;&gt;&#39;&amp;&#39;&lt;/b&gt;"],
  ["{{ markup | raw }}", "<b class=\"x\">'&'</b>"],
  ['{{ markup | unsafe }}{{ raw: "<" }}{{ raw("<") }}', "<b class=\"x\">'&'</b><<"],
  ['{{ "<" | safeHtml }}', "&lt;"],
  ['{{ "</a>\'=" | safeJs }}', "\\u003C/a\\u003E\\'\\u003D"],
  ['{{ writeJson(map("a", "<")) }}', '{"a":"\\u003c"}'],
  ['{{ p := "<" }}{{ p | html | raw }}', "&lt;"],
]);

table("conditions", [
  ["{{ if yes }}a{{ end }}{{ if no }}b{{ end }}", "a"],
  ["{{ if no }}a{{ else }}b{{ end }}", "b"],
  ["{{ if no }}a{{ else if n == 7 }}b{{ end }}c", "bc"],
  ["{{ if no }}a{{ else if zero }}b{{ else }}c{{ end }}d", "cd"],
  ["{{ if no }}a{{ else if yes }}{{ if no }}x{{ else }}y{{ end }}{{ end }}", "y"],
  [
    "{{ if blank }}a{{ else }}b{{ end }}{{ if empty }}a{{ else }}b{{ end }}{{ if nil }}a{{ else }}b{{ end }}",
    "bbb",
  ],
  ["{{ if len(items) }}a{{ end }}", "a"],
  ["{{ if x := len(items); x > 2 }}{{ x }}{{ end }}{{ isset(x) }}", "3false"],
]);

table("ranges", [
  ["{{ range items }}[{{ . }}]{{ end }}", "[a][b][c]"],
  ["{{ range users }}{{ .name }}{{ if .admin }}*{{ end }} {{ end }}", "Bo* Joe "],
  ["{{ range i := items }}{{ i }}{{ . }} {{ end }}", "0a 1b 2c "],
  ["{{ range i, item := items }}{{ i }}{{ item }}{{ .text }} {{ end }}", "0ahello 1bhello 2chello "],
  ["{{ range k := pairs }}{{ k }}={{ . }} {{ end }}", "a=1 b=2 "],
  ["{{ range k, v := pairs }}{{ k }}={{ v }} {{ end }}", "a=1 b=2 "],
  ["{{ range _, v := items }}{{ v }}{{ end }}", "abc"],
  ["{{ i := 9 }}{{ range i = items }}{{ end }}{{ i }}", "2"],
  ["{{ range empty }}a{{ else }}none{{ end }}{{ range nil }}a{{ else }}none{{ end }}", "nonenone"],
  ["{{ range items }}{{ range users }}{{ .name }}{{ end }}{{ . }}{{ end }}", "BoJoeaBoJoebBoJoec"],
  ["{{ range user.tags }}{{ user.name }}{{ end }}", "AnnAnn"],
]);

table("try and catch", [
  ["{{ try }}a{{ none }}b{{ end }}c", "c"],
  ["{{ try }}a{{ text }}{{ end }}c", "ahelloc"],
  ["{{ try }}a{{ none }}{{ catch }}caught{{ end }}", "caught"],
  [
    "{{ try }}{{ none }}{{ catch err }}{{ err.Error() | raw }}{{ end }}{{ isset(err) }}",
    'template "main", line 1: "none" is not definedfalse',
  ],
  ["{{ try }}{{ try }}{{ none }}{{ catch }}{{ none }}{{ end }}{{ catch }}outer{{ end }}", "outer"],
  ['{{ range items }}{{ try }}{{ . }}{{ if . == "b" }}{{ none }}{{ end }}{{ end }}{{ end }}', "ac"],
]);

table("blocks", [
  ["{{ block copyright() }}(c){{ end }}{{ yield copyright() }}", "(c)(c)"],
  ["{{ block copyright }}(c){{ end }}", "(c)"],
  [
    '{{ block field(type="text", label) }}<{{ type }}:{{ label }}>{{ end }}{{ yield field(label="A") }}{{ yield field(label="B", type="c") }}',
    "<text:><text:A><c:B>",
  ],
  ['{{ block b(x) }}{{ x }}{{ end }}{{ yield b("z") }}', "z"],
  ['{{ block buff() "start" }}<{{ . }}>{{ end }}{{ yield buff() "Batman" }}', "<start><Batman>"],
  [
    '{{ block link(target="d") }}<a href="{{ target }}">{{ yield content }}</a>{{ end }}{{ yield link(target="t") content }}{{ text }}{{ end }}',
    '<a href="d"></a><a href="t">hello</a>',
  ],
  [
    '{{ name := "Sarah" }}{{ block header() }}<{{ yield content }}>{{ content }}Hey {{ name }}{{ end }}',
    "<Hey Sarah>",
  ],
  ['{{ block h() "c" }}{{ yield content }}{{ content }}{{ . }}{{ end }}', "c"],
  ['{{ block h() "d" }}{{ yield content "x" }}{{ end }}{{ yield h() "c" content }}{{ . }}{{ end }}', "x"],
  [
    "{{ block outer() }}[{{ yield content }}]{{ end }}{{ block inner() }}({{ yield content }}){{ end }}{{ yield outer() content }}{{ yield inner() content }}x{{ end }}{{ end }}",
    "[]()[(x)]",
  ],
  [
    "{{ block menu() tree }}{{ range . }}<{{ .text }}{{ if len(.children) }}{{ yield menu() .children }}{{ end }}>{{ end }}{{ end }}",
    "<1<1.1>><2>",
  ],
]);

test("templates: extends, include, import, exec", () => {
  const set = setOf({
    "layout": '<{{ yield title() }}>{{ block body() }}default{{ end }}|{{ yield footer() "f" }}',
    "page":
      '{{ extends "layout" }}ignored{{ block title() }}T{{ end }}{{ block footer() }}{{ . }}{{ site }}{{ end }}',
    "deep":
      '{* note *}\n{{ extends "./page.jet" }}\n{{ import "blocks" }}{{ block body() }}B{{ yield extra() }}{{ end }}',
    "blocks": "never {{ block extra() }}E{{ end }}{{ block title() }}imported{{ end }}",
    "importing": '{{ import "blocks" }}{{ yield extra() }}{{ yield title() }}',
    "partials/header.jet": '<h>{{ .name }}{{ site }}{{ include "./inner" }}',
    "partials/inner": "i{{ local }}",
    "includes":
      '{{ local := "L" }}{{ include "partials/header" user }}{{ range users }}{{ include "partials/header" }}{{ end }}',
    "nested/one": '{{ include "two" }}{{ include "../top" }}{{ include "/top.jet" }}{{ include "top" }}',
    "nested/two.html.jet": "two",
    "top": "T",
    "value": 'never written {{ f := "f" }}{{ return f + "oo" }}{{ f = 1 }}',
    "echo": "{{ return . + 1 }}",
    "calls": '{{ foo := exec("./value.jet") }}Hello, {{ foo }}! {{ exec("echo", 2) }}{{ exec("top") }}',
    "extended": '{{ extends "layout" }}{{ block title() }}X{{ end }}{{ block footer() }}{{ end }}',
    "includes_page": '[{{ include "extended" }}]',
  });
  const cases: [string, string][] = [
    ["page", "<T>default|fWippy"],
    ["deep", "<imported>BE|fWippy"],
    ["importing", "Eimported"],
    ["includes", "<h>AnnWippyiL<h>BoWippyiL<h>JoeWippyiL"],
    ["nested/one", "twoTTT"],
    ["calls", "Hello, foo! 3"],
    ["includes_page", "[<X>default|]"],
    ["page.jet", "<T>default|fWippy"],
    ["partials/header", "<h>AnnWippyi"],
  ];
  const data = { user: { name: "Ann" }, users: [{ name: "Bo" }, { name: "Joe" }], name: "Ann", local: "" };
  for (const [name, text] of cases) assert.equal(set.render(name, data), text, name);
});

test("templates: delimiters, extensions, globals and development mode are the set's", () => {
  const delimiters = { left: "[[", right: "]]", commentLeft: "<%", commentRight: "%>" };
  const set = setOf({ main: "[[ x ]]{{ y }}<% gone %>[[- x ]]", "a.tpl": "A" }, {
    delimiters,
    extensions: [".tpl"],
    globals: { x: "G" },
    isDevelopment: true,
  });
  assert.equal(set.render("main", {}), "G{{ y }}G");
  assert.equal(set.render("main", { x: "D" }), "D{{ y }}D");
  assert.equal(set.render("a", {}), "A");
  set.put("a.tpl", "B");
  assert.equal(set.render("a", {}), "B");
  set.remove("a.tpl");
  assert.throws(() => set.render("a", {}), { kind: "NotFound", message: "template not found" });
});

test("templates: dump shows what a template can use", () => {
  const text = render("{{ x := 1 }}{{ block b() }}{{ end }}{{ dump() | raw }}", { k: "v" });
  for (const part of ["map[k:v]", "x = 1", "site = Wippy", "block b()"]) assert(text.includes(part), text);
  assert.match(
    render('{{ x := 1 }}{{ block b() }}{{ end }}{{ dump("x", "b") | raw }}'),
    /x = 1\n\tblock b\(\)$/,
  );
  assert.match(render("{{ x := 1 }}{{ if yes }}{{ y := 2 }}{{ dump(2) | raw }}{{ end }}"), /y = 2[^]*x = 1/);
});
