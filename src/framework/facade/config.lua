--- What the page and the bundle that it loads are told.

local env = require("env")

local MODULES = {compat = "/module.js", managed = "/managed-layout.js"}
local VARIABLE = "PUBLIC_API_URL"
--- Where no variable of the application or of another module has that name.
local OWN_VARIABLE = "wippy.facade:PUBLIC_API_URL"

local M = {}

--- A table, or nil in place of an empty one.
local function filled(values: any): any
  if next(values) == nil then return nil end
  return values
end

local function filled_text(text: string): string?
  if text == "" then return nil end
  return text
end

--- The address of a bundle without a slash at its end.
local function facade_url(settings: settings.Settings): string
  return (settings:text("fe_facade_url"):gsub("/+$", ""))
end

local function urls(): any
  local api = env.get(VARIABLE) or env.get(OWN_VARIABLE) or ""
  return {
    APP_API_URL = api,
    APP_AUTH_API_URL = api,
    APP_WEBSOCKET_URL = (api:gsub("^http", "ws")),
  }
end

local function scope(settings: settings.Settings, prefix: string): any
  return {
    customCSS = filled_text(settings:text(prefix .. "custom_css")),
    cssVariables = settings:json(prefix .. "css_variables"),
    iconSets = settings:json(prefix .. "icon_sets"),
  }
end

local function theming(settings: settings.Settings): any
  local host = scope(settings, "host_")
  host.i18n = {
    app = {
      title = settings:text("app_title"),
      icon = settings:text("app_icon"),
      appName = settings:text("app_name"),
    }
  }
  return {
    global = filled(scope(settings, "")),
    host = host,
    children = filled({
      customCSS = filled_text(settings:text("children_custom_css")),
      cssVariables = settings:json("children_css_variables"),
    }),
  }
end

local function host_config(settings: settings.Settings, is_managed: boolean): any
  return {
    session = {type = settings:choice("session_type", "non-persistent", "cookie")},
    history = settings:choice("history_mode", "hash", "browser"),
    renderEngine = settings:choice("render_engine", "iframe", "fragment"),
    showAdmin = settings:flag("show_admin", true),
    allowSelectModel = settings:flag("allow_select_model", false),
    startNavOpen = settings:flag("start_nav_open", false),
    hideNavBar = settings:flag("hide_nav_bar", false),
    disableRightPanel = settings:flag("disable_right_panel", false),
    hideSessionSelector = settings:flag("hide_session_selector", false),
    additionalNavItems = settings:json("additional_nav_items"),
    stateCache = settings:json("state_cache"),
    allowAdditionalTags = settings:json("allow_additional_tags"),
    chat = settings:json("chat"),
    layout = is_managed and settings:json("host_config_layout") or nil,
  }
end

--- How the mode of the theme is kept, and under which key.
function M.theme_storage(settings: settings.Settings): (string, string)
  return settings:choice("theme_persist", "none", "cookie", "localStorage"),
    settings:text("theme_storage_key")
end

--- The answer of `GET /facade/config`. What is empty is left out.
function M.of(settings: settings.Settings): any
  local url, addresses = facade_url(settings), urls()
  local mode = settings:choice("fe_mode", "compat", "managed")
  local persist, key = M.theme_storage(settings)
  return {
    facade_url = url,
    iframe_origin = url:match("^%a[%w+.-]*://[^/]+") or "",
    iframe_url = url .. settings:text("fe_entry_path") .. "?waitForCustomConfig",
    login_path = settings:text("login_path"),
    login_redirect_param = filled_text(settings:text("login_redirect_param")),
    mode = mode,
    module_file = MODULES[mode],
    extraScripts = settings:json("extra_scripts"),
    env = addresses,
    routePrefix = filled_text(addresses.APP_API_URL),
    apiRoutes = settings:json("api_routes"),
    axiosDefaults = settings:json("axios_defaults"),
    tanstack = settings:json("tanstack"),
    theming = theming(settings),
    themeMode = settings:choice("theme_mode", "auto", "light", "dark"),
    themePersist = persist,
    themeStorageKey = key,
    hostConfig = host_config(settings, mode == "managed"),
  }
end

return M
