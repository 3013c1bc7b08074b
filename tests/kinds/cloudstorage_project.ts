/** A project with a bucket of a service that speaks S3's protocol, and how tests use it. */
import type { Value } from "../../src/core/mod.ts";
import type { TestApplication } from "../application.ts";
import { entry, HEAD, main } from "../lua_entries.ts";

/** Credentials of the entry itself. */
export const KEYS = "access_key_id: KEY, secret_access_key: SECRET";

/** A storage `app:files`, a folder `app:folder`, and a function that calls a method of the storage. */
export function project(endpoint: string, aws = KEYS): string {
  return `${HEAD}  - { name: aws, kind: config.aws, region: eu-central-1${aws === "" ? "" : `, ${aws}`} }
  - { name: files, kind: cloudstorage.s3, bucket: box, config: aws${
    endpoint === "" ? "" : `, endpoint: "${endpoint}"`
  } }
  - { name: folder, kind: fs.directory, directory: ./files, auto_init: true }
` +
    entry(
      "use",
      "function.lua",
      main(`
local method, key, path, options = ...
local files = assert(cloudstorage.get("app:files"))
local file = path and assert(fs.get("app:folder"):open(path, method == "download_object" and "w" or "r"))
local value, err
if file then value, err = files[method](files, key, file, options) else value, err = files[method](files, key, options) end
if err then return err:kind() .. ": " .. err:message() end
return value`),
      "method: main\nmodules: [cloudstorage, fs]",
    );
}

/** Calls a method of the storage; with a path, from or to a file of the folder. A failure comes as text. */
export function use(app: TestApplication, method: string, ...args: Value[]): Promise<Value> {
  return app.call("app:use", method, ...args);
}
