/** The YAML library, loaded when first used: that takes longer than all of a short run. */

type YamlText = typeof import("./text.ts");

let loaded: YamlText | undefined;

/** Runs `use` with the library, at once when it is there. */
export function loadYaml<T>(use: (yaml: YamlText) => T): T | Promise<T> {
  if (loaded !== undefined) return use(loaded);
  return import("./text.ts").then((module) => use(loaded = module));
}
