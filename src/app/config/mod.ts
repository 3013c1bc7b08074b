/** Configuration of a run: `.wippy.yaml`, profiles, flags, `wippy.lock`. */
export { parseByteSize } from "./byte_size.ts";
export {
  composeConfiguration,
  CONFIG_FILE,
  type Configuration,
  type ConfigurationPorts,
  type ConfigurationRequest,
  isHistoryKept,
  MEMORY_BYTES_DEFAULT,
  sectionIn,
} from "./compose.ts";
export {
  type Disabled,
  type EntryOverride,
  isDisabled,
  matchesName,
  matchesNamespace,
  overrideEntries,
  parseOverride,
  parseOverrideFlag,
} from "./entry_edits.ts";
export { flagFailure } from "./flag_failure.ts";
export { inertSettings } from "./inert_settings.ts";
export { coerce, type Layer } from "./layers.ts";
export { LOCK_FILE, type LockFile, NO_LOCK, parseLockFile, printLockFile } from "./lock_file.ts";
export { defaultNodeName } from "./node_name.ts";
export { ENVIRONMENT_REFERENCE, VARIABLE_REFERENCE } from "./references.ts";
export { SETTINGS, type Settings, texts } from "./settings.ts";
export { readYaml } from "./yaml_file.ts";
