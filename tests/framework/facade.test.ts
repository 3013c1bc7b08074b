/** `wippy/facade`: the page that loads the user interface, and what other pages share with it. */
import assert from "node:assert/strict";
import vm from "node:vm";
import { test } from "node:test";
import { handler, router, withGateway } from "../kinds/http/gateway.ts";
import { facade, PUBLIC } from "./facade_project.ts";

test("custom properties are a style sheet for other pages, by mode [fe.vars.css]", () =>
  withGateway([
    PUBLIC,
    facade({
      css_variables: JSON.stringify({
        "--b": "2",
        a: 1,
        "no name!": "x",
        "@light": { "--b": "3" },
        "@dark": { "--c": "4" },
        other: {},
      }),
    }),
  ], async ({ get }) => {
    const answer = await get("/api/public/facade/variables.css");
    assert.match(answer.headers.get("content-type")!, /^text\/css/);
    assert.equal(answer.headers.get("cache-control"), "public, max-age=3600");
    assert.equal(
      await answer.text(),
      `:root {
  --a: 1;
  --b: 2;
}
@media (prefers-color-scheme: light) {
:root {
  --a: 1;
  --b: 3;
}
}
@media (prefers-color-scheme: dark) {
:root {
  --a: 1;
  --b: 2;
  --c: 4;
}
}
.w-theme-light {
  --a: 1;
  --b: 3;
}
.w-theme-dark {
  --a: 1;
  --b: 2;
  --c: 4;
}
`,
    );
  }));

/** A page that runs a script; what it keeps and how it looks. */
function pageFor(script: string, kept: { cookie?: string; local?: Record<string, string> } = {}) {
  const classes = new Set<string>();
  const style = { colorScheme: "" };
  const storage = new Map(Object.entries(kept.local ?? {}));
  const cookies: string[] = [];
  const document = {
    documentElement: {
      style,
      classList: {
        add: (name: string) => classes.add(name),
        remove: (...names: string[]) => names.forEach((name) => classes.delete(name)),
      },
    },
    get cookie() {
      return kept.cookie ?? "";
    },
    set cookie(text: string) {
      cookies.push(text);
    },
  };
  const localStorage = {
    getItem: (key: string) => storage.get(key) ?? null,
    setItem: (key: string, value: string) => storage.set(key, value),
  };
  const window: { wippyThemePersist?: Record<string, (value?: string) => unknown> } = {};
  vm.runInNewContext(script, { window, document, localStorage, location: { protocol: "https:" } });
  return { themes: window.wippyThemePersist!, classes, style, storage, cookies };
}

test("a script keeps the mode of the theme as the parameters say [fe.theme.js] [facade.param.persist]", async () => {
  const scriptOf = async (parameters: Record<string, string>): Promise<string> => {
    let text = "";
    await withGateway([PUBLIC, facade(parameters)], async ({ get }) => {
      const answer = await get("/api/public/facade/theme-persist.js");
      assert.match(answer.headers.get("content-type")!, /^application\/javascript/);
      assert.equal(answer.headers.get("cache-control"), "public, max-age=3600");
      text = await answer.text();
    });
    return text;
  };
  const none = pageFor(await scriptOf({}), { local: { "@wippy-theme-mode": "dark" } });
  assert.deepEqual([none.themes["mode"], none.themes["key"]], ["none", "@wippy-theme-mode"]);
  none.themes["write"]!("dark");
  assert.deepEqual([none.themes["read"]!(), none.cookies, [...none.classes]], [null, [], []]);
  none.themes["apply"]!("dark");
  assert.deepEqual([[...none.classes], none.style.colorScheme], [["w-theme-dark"], "dark"]);
  none.themes["apply"]!("auto");
  assert.deepEqual([[...none.classes], none.style.colorScheme], [[], ""]);

  const local = await scriptOf({ theme_persist: "localStorage", theme_storage_key: 'k"</script>' });
  const page = pageFor(local, { local: { 'k"</script>': "light" } });
  assert.deepEqual([[...page.classes], page.style.colorScheme], [["w-theme-light"], "light"]);
  page.themes["write"]!("dark");
  page.themes["write"]!("pink");
  assert.equal(page.storage.get('k"</script>'), "dark");

  const cookie = pageFor(await scriptOf({ theme_persist: "cookie", theme_storage_key: "mode" }), {
    cookie: "other=light; mode=dark",
  });
  assert.deepEqual([...cookie.classes], ["w-theme-dark"]);
  cookie.themes["write"]!("light");
  assert.deepEqual(cookie.cookies, ["mode=light; path=/; max-age=31536000; samesite=lax; secure"]);
});

test("the page is everywhere where nobody else answers, and is kept by no cache [fe.shell.root] [fe.shell.exact] [fe.shell.spa]", () =>
  withGateway([
    PUBLIC,
    router("own", "/own"),
    facade({ app_title: "<Shop> & more" }),
    ...handler("hello", "/hello", 'res:write("hello")', { router: "own" }),
    { name: "files", kind: "fs.directory", directory: "./files" },
    { name: "mount", kind: "http.static", meta: { server: "gateway" }, path: "/app", fs: "files" },
  ], async ({ get, text }) => {
    for (const path of ["/", "/index.html", "/orders/17", "/app2"]) {
      const answer = await get(path);
      assert.equal(answer.status, 200, path);
      assert.match(answer.headers.get("content-type")!, /^text\/html/);
      assert.equal(answer.headers.get("cache-control"), "no-store");
      assert.match(await answer.text(), /<title>&lt;Shop&gt; &amp; more<\/title>/);
    }
    assert.equal(await text("/own/hello"), "hello");
    assert.equal(await text("/app/a.txt"), "a file");
    for (const path of ["/own/none", "/app/none", "/api/public/none"]) {
      assert.equal((await get(path)).status, 404, path);
    }
  }, { files: { "files/a.txt": "a file" } }));

test("the first response has the theme that a cookie keeps, where cookies keep it [fe.shell.theme]", async () => {
  const first = async (parameters: Record<string, string>, cookie: string): Promise<string> => {
    let line = "";
    await withGateway([PUBLIC, facade(parameters)], async ({ text }) => {
      line = /<html.*>/.exec(await text("/", { headers: { cookie } }))![0];
    });
    return line;
  };
  const kept = { theme_persist: "cookie" };
  assert.equal(
    await first(kept, "a=b; @wippy-theme-mode=dark"),
    '<html lang="en" class="w-theme-dark" style="color-scheme: dark;">',
  );
  assert.equal(
    await first({ ...kept, theme_storage_key: "m" }, "m=light"),
    '<html lang="en" class="w-theme-light" style="color-scheme: light;">',
  );
  for (
    const cookie of ["@wippy-theme-mode=auto", '@wippy-theme-mode="><script>', "x@wippy-theme-mode=dark"]
  ) {
    assert.equal(await first(kept, cookie), '<html lang="en">');
  }
  assert.equal(await first({ theme_persist: "localStorage" }, "@wippy-theme-mode=dark"), '<html lang="en">');
});
