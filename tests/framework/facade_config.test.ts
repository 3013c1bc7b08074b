/** `wippy/facade`: the configuration of the user interface. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { type EntryFields, withGateway } from "../kinds/http/gateway.ts";
import { facade, PUBLIC } from "./facade_project.ts";
import { views } from "./views_project.ts";

const CONFIG = "/api/public/facade/config";

/** The configuration for some parameters. */
async function configOf(
  parameters: Readonly<Record<string, string>>,
  more: readonly EntryFields[] = [],
): Promise<ValueMap> {
  let config: ValueMap = {};
  await withGateway([PUBLIC, facade(parameters), ...more], async ({ json }) => {
    config = await json(CONFIG) as ValueMap;
  });
  return config;
}

const CDN = "https://web-host.wippy.ai/webcomponents-1.0.56";
const HOST = {
  session: { type: "non-persistent" },
  history: "hash",
  renderEngine: "iframe",
  showAdmin: true,
  allowSelectModel: false,
  startNavOpen: false,
  hideNavBar: false,
  disableRightPanel: false,
  hideSessionSelector: false,
};

test("the configuration of an application that says nothing; what is empty is left out [fe.config] [fe.config.shell] [fe.config.host] [fe.config.noauth] [fe.config.theming] [x.facade.json] [x.facade.auth] [x.fe.auth] [x.fe.release] [facade.param.server] [facade.param.url] [facade.param.entry] [facade.param.ident]", async () => {
  const config = await configOf({});
  const { theming, ...rest } = config as { theming: ValueMap };
  assert.deepEqual(rest, {
    facade_url: CDN,
    iframe_origin: "https://web-host.wippy.ai",
    iframe_url: `${CDN}/iframe.html?waitForCustomConfig`,
    login_path: "/login.html",
    mode: "compat",
    module_file: "/module.js",
    env: { APP_API_URL: "", APP_AUTH_API_URL: "", APP_WEBSOCKET_URL: "" },
    themeMode: "auto",
    themePersist: "none",
    themeStorageKey: "@wippy-theme-mode",
    hostConfig: HOST,
  });
  assert.deepEqual(Object.keys(theming).sort(), ["global", "host"]);
  assert.match((theming["global"] as ValueMap)["customCSS"] as string, /^@import url\('https:\/\/fonts/);
  assert.deepEqual(theming["host"], {
    i18n: { app: { title: "Wippy", icon: "wippy:logo", appName: "Wippy AI" } },
  });
});

test("every parameter has its place [facade.param.strings] [facade.param.login] [facade.param.scripts] [facade.param.flags] [facade.param.session] [facade.param.history] [facade.param.theme] [facade.param.mode_theme] [facade.param.persist] [facade.param.host_json] [facade.param.top_json] [facade.param.layout] [facade.param.mode] [facade.param.engine] [fe.config.mode] [fe.config.host.opt] [fe.config.top] [fe.config.theme_mode] [fe.config.persist] [x.fe.tags] [x.fe.icons]", async () => {
  const flags = {
    hide_nav_bar: "true",
    disable_right_panel: "true",
    start_nav_open: "true",
    show_admin: "false",
    allow_select_model: "true",
    hide_session_selector: "true",
  };
  const config = await configOf({
    ...flags,
    fe_facade_url: "https://cdn.example.com/x/",
    fe_entry_path: "/frame.html",
    fe_mode: "managed",
    render_engine: "fragment",
    host_config_layout: '{"panels":[1]}',
    login_path: "/in.html",
    login_redirect_param: "back",
    extra_scripts: '["a.js",{"src":"b.js","async":true}]',
    app_title: "T",
    app_name: "N",
    app_icon: "I",
    session_type: "cookie",
    history_mode: "browser",
    custom_css: "a{}",
    css_variables: '{"--a":"1"}',
    icon_sets: '{"set":"url"}',
    host_custom_css: "b{}",
    host_css_variables: '{"--b":"2"}',
    host_icon_sets: '{"host":"url"}',
    children_custom_css: "c{}",
    children_css_variables: '{"--c":"3"}',
    theme_mode: "dark",
    theme_persist: "cookie",
    theme_storage_key: "mode",
    additional_nav_items: '[{"title":"x"}]',
    state_cache: '{"max":1}',
    allow_additional_tags: '{"b":["c"]}',
    chat: '{"paste":true}',
    api_routes: '{"a":"/b"}',
    axios_defaults: '{"timeout":5}',
    tanstack: '{"lists":{"refetchOnWindowFocus":true}}',
  });
  assert.deepEqual(config, {
    facade_url: "https://cdn.example.com/x",
    iframe_origin: "https://cdn.example.com",
    iframe_url: "https://cdn.example.com/x/frame.html?waitForCustomConfig",
    login_path: "/in.html",
    login_redirect_param: "back",
    mode: "managed",
    module_file: "/managed-layout.js",
    extraScripts: ["a.js", { src: "b.js", async: true }],
    env: { APP_API_URL: "", APP_AUTH_API_URL: "", APP_WEBSOCKET_URL: "" },
    apiRoutes: { a: "/b" },
    axiosDefaults: { timeout: 5 },
    tanstack: { lists: { refetchOnWindowFocus: true } },
    theming: {
      global: { customCSS: "a{}", cssVariables: { "--a": "1" }, iconSets: { set: "url" } },
      host: {
        customCSS: "b{}",
        cssVariables: { "--b": "2" },
        iconSets: { host: "url" },
        i18n: { app: { title: "T", icon: "I", appName: "N" } },
      },
      children: { customCSS: "c{}", cssVariables: { "--c": "3" } },
    },
    themeMode: "dark",
    themePersist: "cookie",
    themeStorageKey: "mode",
    hostConfig: {
      session: { type: "cookie" },
      history: "browser",
      renderEngine: "fragment",
      showAdmin: false,
      allowSelectModel: true,
      startNavOpen: true,
      hideNavBar: true,
      disableRightPanel: true,
      hideSessionSelector: true,
      additionalNavItems: [{ title: "x" }],
      stateCache: { max: 1 },
      allowAdditionalTags: { b: ["c"] },
      chat: { paste: true },
      layout: { panels: [1] },
    },
  });
});

test("words that are none of the known ones count as the default, and broken JSON as nothing [facade.param.mode] [facade.param.engine] [facade.param.mode_theme] [facade.param.persist] [facade.param.flags] [fe.config.badjson] [fe.config.theme_mode] [fe.config.mode]", async () => {
  await withGateway([
    PUBLIC,
    facade({
      fe_mode: "modern",
      render_engine: "fragmnet",
      theme_mode: "pink",
      theme_persist: "disk",
      show_admin: "no",
      hide_nav_bar: "yes",
      session_type: "x",
      history_mode: "x",
      chat: "{broken",
      tanstack: "5",
      api_routes: "{}",
      extra_scripts: "[]",
      // Of the managed mode alone.
      host_config_layout: '{"panels":[1]}',
      custom_css: "",
    }),
  ], async ({ json, logs }) => {
    const config = await json(CONFIG) as ValueMap;
    assert.deepEqual(config["hostConfig"], HOST);
    assert.deepEqual(
      [config["mode"], config["module_file"], config["themeMode"], config["themePersist"]],
      ["compat", "/module.js", "auto", "none"],
    );
    for (const absent of ["tanstack", "apiRoutes", "extraScripts", "routePrefix", "login_redirect_param"]) {
      assert.ok(!(absent in config), absent);
    }
    assert.deepEqual(Object.keys(config["theming"] as ValueMap), ["host"]);
    const warned = logs.filter(({ message }) => message === "a parameter is no JSON object or list");
    assert.deepEqual(warned.map(({ fields }) => fields["parameter"]).sort(), ["chat", "tanstack"]);
  });
});

test("addresses come from PUBLIC_API_URL, also beside wippy/views and a variable of the application [facade.env] [fe.config.env] [fe.config.prefix]", async () => {
  const env = (config: ValueMap): unknown => [config["env"], config["routePrefix"]];
  const urls = (api: string, socket: string): unknown => [
    { APP_API_URL: api, APP_AUTH_API_URL: api, APP_WEBSOCKET_URL: socket },
    api,
  ];
  const before = process.env["PUBLIC_API_URL"];
  process.env["PUBLIC_API_URL"] = "https://x";
  try {
    assert.deepEqual(env(await configOf({})), urls("https://x", "wss://x"));
    assert.deepEqual(
      env(await configOf({}, [views({ api_router: "app:public" })])),
      urls("https://x", "wss://x"),
    );
  } finally {
    if (before === undefined) delete process.env["PUBLIC_API_URL"];
    else process.env["PUBLIC_API_URL"] = before;
  }
  const own = [
    { name: "storage", kind: "env.storage.static", values: { PUBLIC_API_URL: "http://own:8080" } },
    { name: "url", kind: "env.variable", storage: "storage", variable: "PUBLIC_API_URL" },
  ];
  assert.deepEqual(env(await configOf({}, own)), urls("http://own:8080", "ws://own:8080"));
});

test("themes may be files, which are read as they are now [facade.param.fs] [fe.fs] [x.fe.scheme]", () =>
  withGateway([
    PUBLIC,
    { name: "content", kind: "fs.directory", directory: "./content" },
    facade({
      content_fs: "app:content",
      custom_css: "fs://theme.css",
      css_variables: "fs://theme.json",
      host_custom_css: "fs://none.css",
      chat: "fs://theme.json",
    }),
    {
      name: "write",
      kind: "function.lua",
      method: "main",
      modules: ["fs"],
      source:
        `return { main = function(name, text) return assert(fs.get("app:content")):writefile(name, text) end }`,
    },
  ], async ({ json, call, logs }) => {
    const global = async (): Promise<unknown> =>
      (await json(CONFIG) as { theming: ValueMap }).theming["global"];
    assert.deepEqual(await global(), { customCSS: "a{}", cssVariables: { "--a": "1" } });
    await call("app:write", "theme.css", "b{}");
    assert.deepEqual(await global(), { customCSS: "b{}", cssVariables: { "--a": "1" } });
    const missing = logs.filter(({ message }) => /^a parameter names a file/.test(message));
    assert.deepEqual([missing[0]!.fields["parameter"], missing[0]!.fields["file"]], [
      "host_custom_css",
      "none.css",
    ]);
    // Not of those that may be files.
    const config = await json(CONFIG) as { hostConfig: ValueMap };
    assert.ok(!("chat" in config.hostConfig));
  }, { files: { "content/theme.css": "a{}", "content/theme.json": '{"--a":"1"}' } }));

test("an application may say parameters when they are asked for [fe.config.resolver]", async () => {
  const config = await configOf({ app_title: "entry", app_name: "kept" }, [
    {
      name: "binding",
      kind: "contract.binding",
      contracts: [{ contract: "wippy.facade:resolver", default: true, methods: { resolve: "resolve" } }],
    },
    {
      name: "resolve",
      kind: "function.lua",
      method: "main",
      source: `return { main = function() return { app_title = "resolved", show_admin = "false" } end }`,
    },
  ]);
  const { theming, hostConfig } = config as {
    theming: { host: { i18n: { app: ValueMap } } };
    hostConfig: ValueMap;
  };
  assert.deepEqual(theming.host.i18n.app, { title: "resolved", icon: "wippy:logo", appName: "kept" });
  assert.equal(hostConfig["showAdmin"], false);
});

test("parameters can be overridden where the application is started [facade.param.engine]", () =>
  withGateway([PUBLIC, facade()], async ({ json }) => {
    const { hostConfig } = await json(CONFIG) as { hostConfig: ValueMap };
    assert.equal(hostConfig["renderEngine"], "fragment");
  }, { config: { override: { "wippy.facade:render_engine:default": "fragment" } } }));
