--- The repository that the project is in.

local exec = require("exec")

local EXECUTOR = "keeper.tools:shell"
local LOG_DEFAULT = 20
local LOG_MAX = 500
--- What a tool shows of a long text.
local SHOWN_MAX = 200000

local M = {}

local function invalid(message: string): error
  return errors.new({kind = errors.INVALID, message = message})
end

local function quoted(word: string): string
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function all_of(stream: any): string
  local parts: {string} = {}
  while true do
    local part = stream:read()
    if part == nil or part == "" then break end
    parts[#parts + 1] = part
  end
  return table.concat(parts)
end

--- What a command of git prints; its own words where it fails.
local function git(words: {string}): (string?, error?)
  local executor, err = exec.get(EXECUTOR)
  if executor == nil then return nil, err end
  local line = "git --no-pager"
  for _, word in ipairs(words) do line = line .. " " .. quoted(word) end
  local command, refused = executor:exec(line)
  if command == nil then return nil, refused end
  local output, complaints = command:stdout_stream(), command:stderr_stream()
  local _, failed = command:start()
  if failed ~= nil then return nil, failed end
  local told = channel.new(1)
  coroutine.spawn(function() told:send(all_of(complaints)) end)
  local text = all_of(output)
  local complaint = told:receive()
  local code, lost = command:wait()
  executor:release()
  if lost ~= nil then return nil, lost end
  if code == 0 then return text ~= "" and text or complaint end
  local why = complaint ~= "" and complaint or text
  return nil, errors.new({
      kind = errors.UNAVAILABLE,
      message = "git " .. words[1] .. ": " .. why:gsub("%s+$", ""),
      details = {code = code}
    })
end

local function shortened(text: string): string
  if #text <= SHOWN_MAX then return text end
  return text:sub(1, SHOWN_MAX) .. "\n... " .. #text - SHOWN_MAX .. " more bytes; name a path"
end

--- The branch, and which files are changed.
function M.status(): (any, error?)
  return git({"status", "--porcelain=v1", "--branch"})
end

--- Changes that are not committed, of a `path` where one is given.
function M.diff(args: any): (any, error?)
  local words = {"diff"}
  if args.staged then words[#words + 1] = "--staged" end
  words[#words + 1] = "--"
  if args.path ~= nil then words[#words + 1] = args.path end
  local text, err = git(words)
  if text == nil then return nil, err end
  return shortened(text)
end

--- The latest commits: hash, date, author and subject.
function M.log(args: any): (any, error?)
  local limit = math.min(args.limit or LOG_DEFAULT, LOG_MAX)
  return git({
    "log",
    "--max-count=" .. math.tointeger(limit),
    "--date=iso-strict",
    "--pretty=format:%h%x09%ad%x09%an%x09%s"
  })
end

--- Commits these paths, or everything that has changed; the hash.
local function commit(message: string, paths: any): (string?, error?)
  local add = {"add", "--all", "--"}
  for _, path in ipairs(paths or {"."}) do add[#add + 1] = path end
  local _, refused = git(add)
  if refused ~= nil then return nil, refused end
  local _, failed = git({"commit", "--message=" .. message})
  if failed ~= nil then return nil, failed end
  local hash, err = git({"rev-parse", "HEAD"})
  if hash == nil then return nil, err end
  return (hash:gsub("%s+$", ""))
end

--- Commits `paths`, or everything, with a `message`.
function M.commit(args: any): (any, error?)
  local hash, err = commit(args.message, args.paths)
  if hash == nil then return nil, err end
  return {commit = hash}
end

--- Commits on a new branch and pushes that, for others to look at; what the other side says has the way to do so.
function M.propose(args: any): (any, error?)
  local branch, remote = args.branch, args.remote or "origin"
  if branch:sub(1, 1) == "-" then return nil, invalid("branch: a name does not begin with -") end
  if not remote:match("^%w[%w._-]*$") then
    return nil, invalid("remote: the name of a remote is expected, not " .. remote)
  end
  local _, refused = git({"switch", "--create", branch})
  if refused ~= nil then return nil, refused end
  local hash, failed = commit(args.message, args.paths)
  if hash == nil then return nil, failed end
  local said, err = git({"push", "--set-upstream", remote, branch})
  if said == nil then return nil, err end
  return {commit = hash, branch = branch, remote = remote, output = said}
end

return M
