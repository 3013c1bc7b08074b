/** `wippy/views`: pages that are templates, and what they are rendered with. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { type EntryFields, router, server, withGateway } from "../kinds/http/gateway.ts";
import { page, SECURED, SET, template, views } from "./views_project.ts";

const RENDER: EntryFields = {
  name: "render",
  kind: "function.lua",
  method: "main",
  imports: { renderer: "wippy.views:renderer" },
  source: `return { main = function(...)
    local text, err = renderer.render(...)
    return err and (err:kind() .. ": " .. err:message()) or text
  end }`,
};

function resource(name: string, meta: EntryFields): EntryFields {
  return {
    name,
    kind: "registry.entry",
    meta: { type: "view.resource", url: `https://cdn/${name}`, ...meta },
  };
}

test("a page is rendered with what its function gives for route and query, with layouts of its set [views.page.jet] [views.data_func] [views.renderer] [views.qualify] [fe.pages.content.jet] [fe.pages.content.id] [views.param.router] [views.param.env]", () =>
  withGateway([
    views(),
    SET,
    { name: "layout", kind: "template.jet", set: "set", source: "<title>{{ yield title() }}</title>" },
    template(
      "hello",
      `{{ extends "layout" }}{{ block title() }}{{ data.greeting }}, {{ query_params.name }} of {{ route_params.place }}{{ end }}`,
      { name: "greeting", title: "Hello" },
      { data_func: "greet" },
    ),
    template("plain", "no data: {{ len(data) }}", { content_type: "text/plain" }),
    {
      name: "greet",
      kind: "function.lua",
      method: "main",
      source: `return { main = function(asked)
        if asked.query.name == "nobody" then error("nobody is not greeted") end
        return { greeting = (asked.params.place or "") .. (asked.params.id or "") .. "<" .. tostring(asked.query.name) .. ">" }
      end }`,
    },
    RENDER,
  ], async ({ get, call }) => {
    assert.equal(
      await call("app:render", "app:hello", { place: "Rome" }, { name: "Ann" }),
      "<title>Rome&lt;Ann&gt;, Ann of Rome</title>",
    );
    const answer = await get("/pages/content/app:hello?name=Bob");
    assert.equal(answer.headers.get("content-type"), "text/html");
    assert.equal(await answer.text(), "<title>app:hello&lt;Bob&gt;, Bob of </title>");
    const plain = await get("/pages/content/app:plain");
    assert.deepEqual([plain.headers.get("content-type"), await plain.text()], ["text/plain", "no data: 0"]);

    const broken = await get("/pages/content/app:hello?name=nobody");
    assert.equal(broken.status, 500);
    const { details, ...failure } = await broken.json() as ValueMap;
    assert.deepEqual(failure, { success: false, error: "Failed to render page" });
    assert.match(details as string, /nobody is not greeted/);
    assert.match(
      await call("app:render", "app:nowhere") as string,
      /^NotFound: there is no page app:nowhere/,
    );
    // An entry that is no page is none.
    assert.match(await call("app:render", "app:layout") as string, /^NotFound: there is no page app:layout/);
  }));

test("data of a page may stand below data, and its ids may name other namespaces [views.page.jet] [views.qualify]", () =>
  withGateway([
    views(),
    SET,
    {
      name: "wrapped",
      kind: "template.jet",
      meta: { type: "view.page" },
      data: {
        set: "app:set",
        source: `{{ data.of }}{{ range resources["style"] }} {{ .name }}{{ end }}`,
        data_func: "app:of",
        resources: ["own", "app:other"],
      },
    },
    {
      name: "of",
      kind: "function.lua",
      method: "main",
      source: `return { main = function() return { of = "it" } end }`,
    },
    resource("own", { resource_type: "style" }),
    resource("other", { resource_type: "style" }),
    RENDER,
  ], async ({ call }) => {
    assert.equal(await call("app:render", "app:wrapped"), "it other own");
  }));

test("resources come in layers: of all pages, of the set, of the page; each in its order, grouped by type, and once [views.resource] [views.resource.layers]", () =>
  withGateway([
    views(),
    SET,
    template(
      "list",
      `{{ range kind, all := resources }}[{{ kind }}{{ range all }} {{ .name }}{{ if .defer }}/defer{{ end }}{{ if .async }}/async{{ end }}` +
        `{{ if .integrity }}/{{ .integrity }}/{{ .crossorigin }}/{{ .media }}{{ end }}{{ end }}]{{ end }}`,
      {},
      { resources: ["page_late", "page_early", "global_late", "gone"] },
    ),
    resource("global_late", { resource_type: "style", global: true, order: 2 }),
    resource("global_early", { resource_type: "style", global: true, order: 1 }),
    resource("set_style", { resource_type: "style", template_set: "app:set", order: 0 }),
    resource("set_script", { resource_type: "script", template_set: "set", defer: true, async: true }),
    resource("set_other", { resource_type: "script", template_set: "app:another" }),
    resource("page_late", { resource_type: "style", order: 5 }),
    resource("page_early", {
      resource_type: "style",
      order: 4,
      integrity: "sha",
      crossorigin: "anonymous",
      media: "print",
    }),
    resource("nobodys", { resource_type: "style", order: 0 }),
    resource("untyped", { global: true, order: 0, name: "Named" }),
    RENDER,
  ], async ({ call, logs }) => {
    const text = await call("app:render", "app:list") as string;
    assert.deepEqual(text.match(/\[.*?\]/g)!.sort(), [
      "[other Named]",
      "[script set_script/defer/async]",
      "[style global_early global_late set_style page_early/sha/anonymous/print page_late]",
    ]);
    assert.ok(
      logs.some(({ message, fields }) =>
        message === "a page names a resource that is not there" && fields["resource"] === "app:gone"
      ),
    );
  }));

test("templates see variables by mappings; the highest priority counts [views.env] [views.env.priority] [views.render.context] [views.render.steps]", () => {
  const mapping = (name: string, priority: number | undefined, mappings: EntryFields): EntryFields => ({
    name,
    kind: "registry.entry",
    meta: { type: "view.env_mapping", ...priority === undefined ? {} : { priority } },
    data: { mappings },
  });
  return withGateway([
    views(),
    SET,
    { name: "memory", kind: "env.storage.memory" },
    ...["LOW", "MIDDLE", "HIGH", "UNSET", "WRONG"].map((variable) => ({
      name: variable.toLowerCase(),
      kind: "env.variable",
      storage: "memory",
      variable,
      ...variable === "UNSET" ? {} : { default: variable.toLowerCase() },
    })),
    template("env", "{{ env.a }} {{ env.b }} {{ env.c }} {{ env.d }}", { secure: false }),
    mapping("framework", 0, { a: "LOW", b: "LOW", c: "LOW", d: "LOW" }),
    mapping("application", undefined, { a: "MIDDLE", b: "MIDDLE", d: "MIDDLE" }),
    mapping("override", 30, { a: "HIGH", d: "UNSET" }),
    mapping("beyond", 101, { c: "WRONG" }),
    RENDER,
  ], async ({ call, logs }) => {
    assert.equal(await call("app:render", "app:env"), "high middle low middle");
    assert.ok(
      logs.some(({ message, fields }) =>
        /priority must be 0 to 100/.test(message) && fields["entry"] === "app:beyond"
      ),
    );
  });
});

test("what pages say of themselves has defaults [views.page.meta] [fe.entry.common] [fe.entry.page] [fe.pages.list] [fe.pages.list.item] [views.announced] [x.fe.announced]", () =>
  withGateway([
    views(),
    SET,
    template("bare", "", { public: true }),
    template("full", "", {
      name: "Full",
      title: "Full page",
      icon: "mail",
      order: 5,
      group: "main",
      group_icon: "grid",
      group_order: 1,
      group_placement: "sidebar",
      placement: "top",
      parent: "app:bare",
      announced: true,
      mountRoute: "/full/:part(.*)*",
      config_overrides: { customization: { customCSS: "x" } },
    }),
    template("quiet", "still there", { announced: false, public: true }),
    template("silent", "still there"),
    RENDER,
  ], async ({ json, call }) => {
    assert.deepEqual(await json("/pages/list"), {
      success: true,
      count: 2,
      pages: [
        {
          id: "app:full",
          name: "Full",
          title: "Full page",
          icon: "mail",
          order: 5,
          placement: "top",
          group: "main",
          groupIcon: "grid",
          groupOrder: 1,
          groupPlacement: "sidebar",
          parent: "app:bare",
          secure: false,
          announced: true,
          internal: false,
          hidden: 0,
          configOverrides: { customization: { customCSS: "x" } },
          mountRoute: "/full/:part(.*)*",
        },
        {
          id: "app:bare",
          name: "bare",
          order: 9999,
          placement: "default",
          groupOrder: 9999,
          groupPlacement: "default",
          secure: false,
          announced: true,
          internal: false,
          hidden: 0,
        },
      ],
    });
    assert.equal(await call("app:render", "app:quiet"), "still there");
    assert.equal(await call("app:render", "app:silent"), "still there");
  }));

test("pages are in the order of groups, then of their own, then of titles; inline ones are hidden [fe.pages.list.sort] [fe.pages.list.inline] [x.fe.inline]", () =>
  withGateway([
    views(),
    SET,
    ...([
      ["a", { group_order: 2, group: "x", order: 1, title: "A" }],
      ["b", { group_order: 1, group: "y", order: 9, title: "B" }],
      ["c", { group_order: 1, group: "x", order: 2, title: "D", inline: true }],
      ["d", { group_order: 1, group: "x", order: 2, title: "C" }],
      ["e", { group_order: 1, group: "x", order: 1, title: "Z" }],
    ] as [string, EntryFields][]).map(([name, meta]) => template(name, "", { announced: true, ...meta })),
  ], async ({ json }) => {
    const { pages } = await json("/pages/list") as { pages: ValueMap[] };
    assert.deepEqual(pages.map(({ name, hidden, internal }) => [name, hidden, internal]), [
      ["e", 0, false],
      ["d", 0, false],
      ["c", 1, true],
      ["b", 0, false],
      ["a", 0, false],
    ]);
  }));

test("secure pages are there for those who may view them, and for nobody else [views.access] [fe.secure.page] [fe.pages.content.errors] [fe.pages.public]", () =>
  withGateway([
    ...SECURED,
    views(),
    SET,
    template("secret", "a secret", { secure: true, announced: true, mountRoute: "/secret/:part(.*)*" }),
    template("open", "open to all", { announced: true, mountRoute: "/open/:part(.*)*" }),
    page("bundle", { secure: true, url: "https://cdn/x" }),
    RENDER,
  ], async ({ get, json, call }) => {
    const bearer = async (...policies: string[]): Promise<RequestInit> => ({
      headers: { authorization: `Bearer ${await call("app:issue", ...policies)}` },
    });
    const viewer = await bearer("app:general", "app:viewer");
    const other = await bearer("app:general");
    const seen = async (init?: RequestInit): Promise<unknown> => {
      const { pages } = await json("/pages/list", init) as { pages: ValueMap[] };
      const { routes } = await json("/pages/routes", init) as { routes: ValueMap };
      const content = await get("/pages/content/app:secret", init);
      return [pages.map(({ id }) => id), Object.values(routes).sort(), content.status, await content.text()];
    };
    const denied = JSON.stringify({ success: false, error: "Access denied" });
    const refused = [["app:open"], ["app:open"], 401, denied];
    const keys = (text: string): unknown => JSON.parse(text);
    for (const init of [undefined, other]) {
      const [pages, routes, status, text] = await seen(init) as [unknown, unknown, number, string];
      assert.deepEqual([pages, routes, status, keys(text)], [...refused.slice(0, 3), keys(denied)]);
    }
    assert.deepEqual(await seen(viewer), [
      ["app:open", "app:secret"],
      ["app:open", "app:secret"],
      200,
      "a secret",
    ]);
    assert.match(await call("app:render", "app:secret") as string, /^PermissionDenied: Access denied/);

    const failure = async (path: string): Promise<unknown> => {
      const answer = await get(path);
      const { details: _, ...body } = await answer.json() as ValueMap;
      return [answer.status, body];
    };
    const notFound = [404, { success: false, error: "Page not found" }];
    assert.deepEqual(await failure("/pages/content/app:nowhere"), notFound);
    assert.deepEqual(await failure("/pages/public/app:nowhere"), notFound);
    assert.deepEqual(await failure("/pages/public/app:bundle"), [401, {
      success: false,
      error: "Access denied",
    }]);
    assert.equal((await get("/pages/public/app:bundle", viewer)).status, 401);
  }));

test("answers follow the registry as it changes [fe.live]", () =>
  withGateway(
    [views(), SET, template("first", "first", { announced: true })],
    async ({ application, json, text, get }) => {
      const ids = async (): Promise<unknown> =>
        (await json("/pages/list") as { pages: ValueMap[] }).pages.map(({ id }) => id);
      assert.deepEqual(await ids(), ["app:first"]);
      const second = {
        id: "app:second",
        kind: "template.jet",
        meta: { type: "view.page", announced: true, order: 1 },
        data: { set: "app:set", source: "second" },
      };
      await application.registry.apply([{ kind: "entry.create", entry: second }]);
      assert.deepEqual(await ids(), ["app:second", "app:first"]);
      assert.equal(await text("/pages/content/app:second"), "second");
      await application.registry.apply([{ kind: "entry.delete", id: second.id }]);
      assert.deepEqual(await ids(), ["app:first"]);
      assert.equal((await get("/pages/content/app:second")).status, 404);
    },
  ));

test("pages are served by the server that a parameter names, with a router of a prefix [views.param.server] [views.param.router]", () =>
  withGateway([
    server({ name: "web" }),
    router("public", "/api/public", { meta: { server: "web" } }),
    views({ api_router: "app:public", server: "app:web" }),
    SET,
    template("hello", "hello", { announced: true }),
  ], async (gateway) => {
    const details = gateway.application.supervisor.state("app:web")!.details;
    const base = `http://127.0.0.1:${/:(\d+)$/.exec(details)![1]}`;
    const list = await (await fetch(`${base}/api/public/pages/list`)).json() as ValueMap;
    assert.equal(list["count"], 1);
    assert.match(await (await fetch(`${base}/@fragment/app:hello/`)).text(), /hello/);
  }));
