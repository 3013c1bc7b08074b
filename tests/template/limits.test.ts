/** Templates that are wrong, and those that would never end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/core/mod.ts";
import { DATA, render, setOf } from "./trial.ts";

function failure(action: () => unknown, what: string): Failure {
  try {
    action();
  } catch (error) {
    assert(error instanceof Failure, `${what}: ${error}`);
    return error;
  }
  throw new Error(`${what}: no failure`);
}

test("templates: what is malformed is refused when it is added, with its line", () => {
  const cases: [string, RegExp][] = [
    ["a\n{{ x", /^template "main", line 2: action is not closed by }}$/],
    ["{* x", /comment is not closed/],
    ['{{ "x }}', /string is not closed/],
    ["{{ 1 + }}", /unexpected end of action, expected a value/],
    ["{{ a b }}", /unexpected "b", expected the end of the action/],
    ["{{ # }}", /unexpected character "#"/],
    ["{{ if x }}a", /"if" is not closed by "end"/],
    ["a{{ end }}", /"end" has nothing to close/],
    ["{{ else }}", /"else" has nothing to divide/],
    ["{{ range x }}{{ catch }}{{ end }}", /unexpected "catch" in "range"/],
    ['x{{ extends "a" }}', /"extends" must come first/],
    ["{{ extends a }}", /expected the name of a template in quotes/],
    ['{{ if x }}{{ import "a" }}{{ end }}', /belongs to the top/],
    ["{{ block content() }}{{ end }}", /a block can't be called "content"/],
    ["{{ block 1 }}{{ end }}", /expected the name of a block/],
    ["{{ a, b := 1 }}", /2 variables for 1 values/],
    ["{{ if := 1 }}", /unexpected ":="|can't be a variable/],
    [`{{ ${"(".repeat(5000)} }}`, /nested deeper/],
    [`{{ ${"!".repeat(5000)}x }}`, /nested deeper/],
    [`{{ ${"1+".repeat(5000)}1 }}`, /operators/],
    ["{{ if x }}".repeat(5000), /nested deeper/],
  ];
  for (const [source, message] of cases) {
    const error = failure(() => setOf({ main: source }), source.slice(0, 40));
    assert.equal(error.kind, "Invalid");
    assert.match(error.message, message, source.slice(0, 40));
  }
});

test("templates: what fails while rendering is Internal, with template and line", () => {
  const cases: [string, RegExp][] = [
    ["\n\n{{ none }}", /^template "main", line 3: "none" is not defined$/],
    ["{{ user.missing.x }}", /can't read "x" of nil/],
    ["{{ items[9] }}", /index 9 is out of range, length is 3/],
    ["{{ items[-1] }}", /index -1 is out of range/],
    ["{{ items[2:1] }}", /ends before it starts/],
    ["{{ text.x }}", /can't read "x" of string/],
    ["{{ pairs - 1 }}", /can't compute map - number/],
    ["{{ pairs < 1 }}", /can't compare map < number/],
    ["{{ 1 / 0 }}", /division by zero/],
    ["{{ text() }}", /"text" is no function but string/],
    ["{{ len() }}", /len takes 1 argument, got 0/],
    ["{{ len(5) }}", /number has no length/],
    ["{{ raw: text | upper }}", /a writer such as raw must come last/],
    ["{{ x = 1 }}", /"x" has not been initialised/],
    ["{{ range n }}{{ end }}", /can't range over number/],
    ["{{ ints(5, 5) }}", /upper limit 5 is not above lower limit 5/],
    ["{{ yield none() }}", /there is no block "none" to yield/],
    ["{{ block b(x) }}{{ end }}{{ yield b() }}", /block "b" needs its parameter "x"/],
    ["{{ block b(x=1) }}{{ end }}{{ yield b(y=1) }}", /has no parameter "y"/],
    ['{{ include "none" }}', /there is no template "none"/],
    ['{{ extends "none" }}', /there is no template "none" to extend/],
    ['{{ import "none" }}', /there is no template "none" to import/],
    ["{{ _ }}", /stands for a piped value/],
    ["{{ try }}{{ none }}{{ catch }}{{ none }}{{ end }}", /"none" is not defined/],
  ];
  for (const [source, message] of cases) {
    const error = failure(() => render(source), source);
    assert.equal(error.kind, "Internal", source);
    assert.match(error.message, message, source);
  }
  const set = setOf({ a: '\n{{ include "b" }}', b: "\n\n\n{{ none }}" });
  assert.match(failure(() => set.render("a", DATA), "b").message, /^template "b", line 4:/);
});

test("templates: nothing renders, grows or recurses without bound", () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ main: "{{ range ints(0, 1000000000) }}{{ end }}" }, /more than 5000000 steps/],
    [{ main: "{{ range ints(0, 100000) }}{{ range ints(0, 100000) }}{{ end }}{{ end }}" }, /more than/],
    [{ main: '{{ repeat("x", 1000000000) }}' }, /more than 67108864 characters/],
    [
      { main: '{{ x := "x" }}{{ range ints(0, 100) }}{{ x = x + x }}{{ end }}' },
      /more than 67108864 characters/,
    ],
    [
      {
        main:
          '{{ s := repeat("x", 1000000) }}{{ a := slice(s, s) }}{{ range ints(0, 20) }}{{ a = slice(a, a) }}' +
          "{{ end }}{{ len(json(a)) }}",
      },
      /more than 67108864 characters/,
    ],
    [
      {
        main:
          '{{ s := repeat("x", 1000000) }}{{ a := slice(s, s) }}{{ range ints(0, 20) }}{{ a = slice(a, a) }}' +
          "{{ end }}{{ a }}",
      },
      /more than 67108864 characters/,
    ],
    [{ main: '{{ include "main" }}' }, /nested deeper than 100/],
    [{ main: "{{ block b() }}{{ yield b() }}{{ end }}" }, /nested deeper than 100/],
    [{ main: '{{ exec("main") }}' }, /nested deeper than 100/],
    [
      { main: '{{ try }}{{ include "main" }}{{ catch }}{{ include "main" }}{{ end }}' },
      /nested deeper than 100/,
    ],
    [{ main: "{{ try }}{{ range ints(0, 1000000000) }}{{ end }}{{ end }}" }, /more than 5000000 steps/],
    [{ main: '{{ extends "b" }}', b: '{{ extends "main" }}' }, /extend each other: main -> b -> main/],
    [{ main: '{{ extends "main" }}' }, /extend each other/],
  ];
  for (const [templates, message] of cases) {
    const error = failure(() => setOf(templates).render("main", DATA), templates["main"]!);
    assert.equal(error.kind, "Internal");
    assert.match(error.message, message, templates["main"]!);
  }
  assert.equal(
    setOf({ main: '{{ import "b" }}{{ yield x() }}', b: '{{ import "main" }}{{ block x() }}X{{ end }}' })
      .render("main", {}),
    "X",
  );
});
