--- What a token may be allowed, and sets of that under one name.
---
--- SC1. `family.*` stands for every scope of a family, `mcp.root` for all there are.

type Scope = {name: string, description: string}
type Preset = {name: string, description: string, scopes: {string}, access_mode: string}

local ROOT = "mcp.root"

local M = {Scope = Scope, Preset = Preset}

--- How a token may reach tools: `any` way; those of active `traits` alone; or, with `tools_only`, all of them and no traits.
M.ACCESS_MODES = {"any", "traits", "tools_only"}

M.ALL = {
  {name = "registry.read", description = "entries, their sources, versions and differences"},
  {name = "registry.write", description = "changes of entries, and going back to a version"},
  {name = "state.read", description = "how files of the project and entries differ"},
  {name = "state.write", description = "entries written to files, and files read into entries"},
  {name = "hub.read", description = "what the hub has"},
  {name = "hub.install", description = "modules put into the running application, or taken out"},
  {name = "knowledge.read", description = "what was written down about the application"},
  {name = "knowledge.write", description = "writing that, and removing it"},
  {name = "git.read", description = "status, differences and log of the repository"},
  {name = "git.write", description = "commits"},
  {name = "git.pr", description = "branches with changes, pushed for review"},
  {name = "components.read", description = "modules, services, hosts and processes"},
  {name = "tasks.read", description = "tasks and how they ended"},
  {name = "tasks.run", description = "functions started as tasks, and tasks ended"},
  {name = "agents.read", description = "agents, and what they are made of"},
  {name = "agents.run", description = "questions to agents"},
  {name = "tests.run", description = "tests of the application"},
  {name = "logger.read", description = "the latest log records"},
  {name = "env.read", description = "values of variables"},
  {name = "env.write", description = "setting variables"},
  {
    name = "functions.call",
    description = "calls of functions, and tools of the application that name no scope"
  },
  {name = "app.ui", description = "routes and pages of the application"},
  {name = ROOT, description = "everything"},
}

M.PRESETS = {
  {
    name = "root",
    description = "everything there is",
    scopes = {ROOT},
    access_mode = "any"
  },
  {
    name = "developer",
    description = "changes the application, tests it, and hands changes in for review",
    scopes = {
      "registry.*",
      "state.*",
      "git.*",
      "tasks.*",
      "agents.*",
      "knowledge.*",
      "components.read",
      "tests.run",
      "logger.read",
      "env.read",
      "functions.call",
      "app.ui"
    },
    access_mode = "any",
  },
  {
    name = "wippy_operator",
    description = "runs the application, and changes none of its code",
    scopes = {
      "registry.read",
      "state.read",
      "hub.*",
      "components.read",
      "tasks.*",
      "tests.run",
      "logger.read",
      "env.*",
      "functions.call"
    },
    access_mode = "any",
  },
  {
    name = "observer",
    description = "looks, and touches nothing",
    scopes = {
      "registry.read",
      "state.read",
      "git.read",
      "components.read",
      "tasks.read",
      "agents.read",
      "knowledge.read",
      "logger.read",
      "app.ui"
    },
    access_mode = "any",
  },
  {
    name = "knowledge_manager",
    description = "keeps what is known about the application",
    scopes = {"knowledge.*", "registry.read"},
    access_mode = "any",
  },
  {
    name = "explorer_tools_only",
    description = "looks through the application with tools, without traits",
    scopes = {"registry.read", "components.read", "knowledge.read", "logger.read", "app.ui"},
    access_mode = "tools_only",
  },
}

--- The preset of that name.
function M.preset(name: string): Preset?
  for _, preset in ipairs(M.PRESETS) do
    if preset.name == name then return preset end
  end
  return nil
end

--- Whether one of `held` is `wanted`, or stands for it.
function M.holds(held: {string}, wanted: string): boolean
  for _, name in ipairs(held) do
    if name == ROOT or name == wanted then return true end
    local family = name:match("^(.+%.)%*$")
    if family ~= nil and wanted ~= ROOT and wanted:sub(1, #family) == family then return true end
  end
  return false
end

--- Whether every one of `wanted` is held.
function M.holds_all(held: {string}, wanted: {string}): boolean
  for _, name in ipairs(wanted) do
    if not M.holds(held, name) then return false end
  end
  return true
end

--- Whether a name is one of `known`, or a family of them.
function M.is_known(name: string, known: {string}): boolean
  for _, each in ipairs(known) do
    if name == each or M.holds({name}, each) then return true end
  end
  return false
end

return M
