/** The cache of Lua on disk, as `lua.cache.*` wants it. */
import { LuaCache } from "../lua/mod.ts";
import type { Log, Ports } from "../ports/mod.ts";
import { type Configuration, sectionIn } from "./config/mod.ts";

/** Where the account keeps what belongs to no project, below its home. */
const ACCOUNT_FOLDER = ".wippy/cache";
const SECRET_FILE = "lua-cache.key";

/** The cache of an application; undefined when there is to be none. */
export function luaCacheOf(
  configuration: Configuration,
  ports: Ports,
  edition: () => string,
): LuaCache | undefined {
  const cache = sectionIn(configuration, "lua")?.cache;
  if (cache === undefined || !cache.enabled || cache.mode === "off") return undefined;
  const { baseDirectory } = configuration;
  const { compile, dir, mode, typecheck } = cache;
  const account = accountFolder(ports);
  return new LuaCache(ports, {
    folder: ports.files.resolve(baseDirectory, dir),
    secretPath: account === undefined ? undefined : ports.files.resolve(account, SECRET_FILE),
    edition: edition(),
    canWrite: mode === "readwrite",
    keepsCode: compile.enabled,
    keepsTypes: typecheck.enabled,
  });
}

/** The folder of the account's caches; undefined when it has no home. */
export function accountFolder(ports: Pick<Ports, "files" | "osVariable">): string | undefined {
  const named = ports.osVariable("WIPPY_CACHE_DIR");
  if (named !== undefined && named !== "") return ports.files.resolve(named);
  const home = ports.osVariable("HOME") || ports.osVariable("USERPROFILE");
  return home ? ports.files.resolve(home, ACCOUNT_FOLDER) : undefined;
}

/** Writes what is new in a cache; when that can't be, the log says so. */
export function saveCache(cache: LuaCache | undefined, log: Log): void {
  const failure = cache?.save();
  if (failure !== undefined) log.named("lua").warn("the cache can't be written", { error: failure.message });
}
