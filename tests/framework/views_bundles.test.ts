/** `wippy/views`: pages and components whose bundles a browser loads. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { type EntryFields, handler, withGateway } from "../kinds/http/gateway.ts";
import { BUNDLES, component, page, SECURED, views } from "./views_project.ts";

const META = {
  name: "@acme/main",
  version: "2.1.0",
  specification: "wippy-component-1.0",
  wippy: {
    type: "page",
    title: "By its author",
    icon: "tabler:home",
    path: "app.html",
    renderEngine: "fragment",
    proxy: {
      enabled: true,
      injections: { css: { themeConfig: true, markdown: false }, tailwindConfig: true },
    },
    configOverrides: { customization: { customCSS: "author", cssVariables: { "--a": "1" } } },
    // Decided where it runs, not by authors.
    announced: true,
    secure: true,
    mountRoute: "/author/:part(.*)*",
  },
};

const FILES = {
  "bundles/main/wippy-meta.json": JSON.stringify(META),
  "bundles/broken/wippy-meta.json": "{ no JSON",
};

test("a page is described by its entry, then by its bundle, then by defaults [fe.pages.content.comp] [fe.meta.fetch] [fe.meta.priority] [fe.meta.policy] [fe.meta.proxy] [fe.meta.overrides] [fe.meta.engine] [fe.entry.file] [fe.entry.kind] [fe.static.meta]", () =>
  withGateway([
    ...BUNDLES,
    views(),
    page("author", { url: "/app", base_path: "main" }),
    page("operator", {
      name: "Mine",
      title: "By its operator",
      url: "/app/main",
      entry_point: "other.html",
      render_engine: "iframe",
      announced: true,
      mountRoute: "/mine/:part(.*)*",
      proxy: { injections: { css: { themeConfig: false, customCss: true } } },
      config_overrides: { customization: { customCSS: "operator" } },
    }),
    page("alone", { url: "/app/nowhere", title: "Alone", announced: true }),
  ], async ({ json, logs }) => {
    const { wippy } = META;
    assert.deepEqual(await json("/pages/content/app:author"), {
      name: "author",
      version: "2.1.0",
      specification: "wippy-component-1.0",
      title: "By its author",
      baseUrl: "/app/main/",
      wippy: {
        type: "page",
        path: "app.html",
        proxy: wippy.proxy,
        configOverrides: wippy.configOverrides,
        renderEngine: "fragment",
      },
    });
    assert.deepEqual(await json("/pages/content/app:operator"), {
      name: "Mine",
      version: "2.1.0",
      specification: "wippy-component-1.0",
      title: "By its operator",
      baseUrl: "/app/main/",
      wippy: {
        type: "page",
        path: "other.html",
        proxy: {
          enabled: true,
          injections: {
            css: { themeConfig: false, markdown: false, customCss: true },
            tailwindConfig: true,
          },
        },
        configOverrides: { customization: { customCSS: "operator", cssVariables: { "--a": "1" } } },
        renderEngine: "iframe",
      },
    });
    const alone = {
      name: "alone",
      version: "1.0.0",
      specification: "wippy-component-1.0",
      title: "Alone",
      baseUrl: "/app/nowhere/",
      wippy: { type: "page", path: "index.html", proxy: { enabled: true } },
    };
    assert.deepEqual(await json("/pages/content/app:alone"), alone);
    assert.deepEqual(await json("/pages/content/app:alone"), alone);
    const { pages } = await json("/pages/list") as { pages: ValueMap[] };
    assert.deepEqual(pages.map(({ id, icon }) => [id, icon]), [
      ["app:alone", undefined],
      ["app:operator", "tabler:home"],
    ]);
    assert.deepEqual(await json("/pages/routes"), {
      success: true,
      count: 1,
      routes: { "/mine/:part(.*)*": "app:operator" },
    });
    const warnings = logs.filter(({ message }) => /^a bundle tells nothing/.test(message));
    assert.deepEqual(warnings.map(({ fields }) => [fields["entry"], fields["file"], fields["error"]]), [
      ["app:alone", "/app/nowhere/wippy-meta.json", "status 404"],
    ]);
  }, { files: FILES }));

test("a bundle whose description is broken or slow does not keep its page away [fe.meta.fetch]", () =>
  withGateway([
    ...BUNDLES,
    views(),
    ...handler("slow", "/slow/wippy-meta.json", `time.sleep("30s")`, { modules: ["time"] }),
    page("broken", { url: "/app/broken" }),
    page("late", { url: "/slow" }),
  ], async ({ json, logs }) => {
    for (const id of ["app:broken", "app:late"]) {
      const { wippy } = await json(`/pages/content/${id}`) as { wippy: ValueMap };
      assert.deepEqual(wippy, { type: "page", path: "index.html", proxy: { enabled: true } });
    }
    const why = logs.filter(({ message }) => /^a bundle tells nothing/.test(message)).map(({ fields }) =>
      fields["error"]
    );
    assert.equal(why[0], "its JSON is no object");
    assert.match(why[1] as string, /timeout|timed out|did not answer|deadline/i);
  }, { files: FILES }));

test("addresses end with a slash and are where clients reach the application [fe.entry.url] [fe.pages.public] [views.param.env]", () =>
  withGateway([
    { name: "storage", kind: "env.storage.static", values: { PUBLIC_API_URL: "https://api.example.com/" } },
    views({ env_storage: "app:storage" }),
    page("path", { url: "/app/", base_path: "/main/" }),
    page("bare", { url: "app" }),
    page("far", { url: "https://cdn.example.com/x", base_path: "y" }),
    page("none", {}),
  ], async ({ json, get }) => {
    const base = async (id: string): Promise<unknown> =>
      (await json(`/pages/public/app:${id}`) as ValueMap)["baseUrl"];
    assert.equal(await base("path"), "https://api.example.com/app/main/");
    assert.equal(await base("bare"), "https://api.example.com/app/");
    assert.equal(await base("far"), "https://cdn.example.com/x/y/");
    assert.equal(await base("none"), "https://api.example.com/");
    assert.equal((await get("/pages/public/app:nowhere")).status, 404);
  }));

test("routes of pages: also of those that are not announced; a wrong or doubled one is an error that names all [fe.pages.routes] [fe.pages.routes.syntax] [fe.pages.routes.error] [fe.pages.routes.empty] [fe.entry.mount_name]", async () => {
  await withGateway([views()], async ({ text }) => {
    const answer = await text("/pages/routes");
    assert.match(answer, /"routes":\{\}/);
    assert.deepEqual(JSON.parse(answer), { success: true, count: 0, routes: {} });
  });
  const routed = (name: string, mountRoute: string): EntryFields =>
    page(name, { url: "https://cdn", mountRoute });
  await withGateway([
    views(),
    routed("root", "/:part(.*)*"),
    routed("deep", "/a-b/c1/:part(.*)*"),
    page("later", { url: "https://cdn", mount_route: "/later/:part(.*)*" }),
  ], async ({ json }) => {
    assert.deepEqual(await json("/pages/routes"), {
      success: true,
      count: 3,
      routes: {
        "/:part(.*)*": "app:root",
        "/a-b/c1/:part(.*)*": "app:deep",
        "/later/:part(.*)*": "app:later",
      },
    });
  });
  const wrong = [
    "/home/:id",
    "/Home/:part(.*)*",
    "/a//b/:part(.*)*",
    "home/:part(.*)*",
    "/a/:part(.*)",
    "//:part(.*)*",
  ];
  await withGateway([
    views(),
    ...wrong.map((route, i) => routed(`w${i}`, route)),
    routed("x", "/x/:part(.*)*"),
    routed("y", "/x/:part(.*)*"),
  ], async ({ get }) => {
    const answer = await get("/pages/routes");
    assert.equal(answer.status, 500);
    const { success, error } = await answer.json() as { success: boolean; error: string };
    assert.equal(success, false);
    const lines = error.split("\n");
    assert.deepEqual(lines.map((line) => line.slice(0, line.indexOf(" "))), [
      ...wrong.map((_, i) => `app:w${i}:`),
      "app:y:",
    ]);
    for (const [i, route] of wrong.entries()) assert.ok(lines[i]!.endsWith(`: ${route}`), lines[i]!);
    assert.equal(lines.at(-1), "app:y: mountRoute /x/:part(.*)* is taken by app:x");
  });
});

const WIDGET = {
  name: "@acme/bar",
  version: "1.4.0",
  browser: "bar.js",
  wippy: {
    tagName: "acme-bar",
    type: "component",
    title: "A bar",
    props: { type: "object", properties: { size: { type: "number" } } },
    events: { type: "object", properties: { press: { type: "object" } } },
  },
};

test("announced components are listed with what their bundles say, by name [fe.entry.component] [fe.comp.list] [fe.comp.list.item] [fe.comp.list.auto] [x.fe.type]", () =>
  withGateway([
    ...BUNDLES,
    views(),
    component("b_bar", { url: "/app", base_path: "bar", announced: true, auto_register: true }),
    component("a_foo", {
      name: "z",
      url: "/app/foo",
      tag_name: "acme-foo",
      public: true,
      title: "Foo",
      description: "of entries",
      entry_point: "main.js",
      props: { type: "object" },
    }),
    component("quiet", { url: "/app/foo", tag_name: "acme-quiet", auto_register: true }),
  ], async ({ json }) => {
    const bar = {
      id: "app:b_bar",
      name: "b_bar",
      version: "1.4.0",
      specification: "wippy-component-1.0",
      title: "A bar",
      baseUrl: "/app/bar/",
      browser: "bar.js",
      wippy: {
        tagName: "acme-bar",
        type: "component",
        props: WIDGET.wippy.props,
        events: WIDGET.wippy.events,
        autoRegister: true,
      },
    };
    const foo = {
      id: "app:a_foo",
      name: "z",
      version: "1.0.0",
      specification: "wippy-component-1.0",
      title: "Foo",
      description: "of entries",
      baseUrl: "/app/foo/",
      browser: "main.js",
      wippy: { tagName: "acme-foo", type: "widget", props: { type: "object" }, autoRegister: false },
    };
    assert.deepEqual(await json("/components/list"), { success: true, count: 2, components: [bar, foo] });
    assert.deepEqual(await json("/components/list?auto_register=true"), {
      success: true,
      count: 1,
      components: [bar],
    });
  }, { files: { "bundles/bar/wippy-meta.json": JSON.stringify(WIDGET) } }));

test("a component is found by its tag, of its entry or of its bundle [fe.comp.tag] [fe.secure.comp] [x.fe.announced]", () =>
  withGateway([
    ...SECURED,
    ...BUNDLES,
    views(),
    component("bar", { url: "/app/bar", announced: true }),
    component("foo", { url: "/app/foo", tag_name: "acme-foo", announced: true }),
    component("quiet", { url: "/app/foo", tag_name: "acme-quiet" }),
    component("hidden", { url: "/app/foo", tag_name: "acme-hidden", announced: true, secure: true }),
  ], async ({ get, json, call }) => {
    const find = async (tag: string, init?: RequestInit): Promise<unknown[]> => {
      const answer = await get(`/components/by-tag/${tag}`, init);
      const body = await answer.json() as { error?: string; component?: ValueMap };
      return [answer.status, body.error ?? body.component!["id"]];
    };
    assert.deepEqual(await find("acme-bar"), [200, "app:bar"]);
    assert.deepEqual(await find("acme-foo"), [200, "app:foo"]);
    assert.deepEqual(await find("acme-quiet"), [404, "Component is not announced"]);
    assert.deepEqual(await find("acme-none"), [404, "there is no component with tag acme-none"]);
    assert.deepEqual(await find("acme-hidden"), [403, "Access denied"]);
    const listed = async (init?: RequestInit): Promise<unknown> =>
      (await json("/components/list", init) as { components: ValueMap[] }).components.map(({ id }) => id);
    assert.deepEqual(await listed(), ["app:bar", "app:foo"]);
    const token = await call("app:issue", "app:general", "app:viewer");
    const viewer = { headers: { authorization: `Bearer ${token}` } };
    assert.deepEqual(await find("acme-hidden", viewer), [200, "app:hidden"]);
    assert.deepEqual(await listed(viewer), ["app:bar", "app:foo", "app:hidden"]);
  }, { files: { "bundles/bar/wippy-meta.json": JSON.stringify(WIDGET) } }));
