/** Whether a path that was typed names a setting there is. */
import { type Field, nearestName } from "../../core/mod.ts";
import { flagFailure } from "./flag_failure.ts";
import { SETTINGS } from "./settings.ts";

/** Sections beside the settings that `--set` may write. */
const OTHER_SECTIONS = ["vars", "profiles", "override", "disable"];

/**
 * Fails with Invalid when the path of `--set text` leads to no setting: behind a known section every key must be one of
 * its own; a section that is not known is somebody else's, unless it looks like a known one misspelt.
 */
export function checkSetPath(text: string, path: readonly string[]): void {
  let fields: Readonly<Record<string, Field<unknown>>> = SETTINGS.fields;
  for (const [depth, key] of path.entries()) {
    if (depth === 0 && OTHER_SECTIONS.includes(key)) return;
    if (!Object.hasOwn(fields, key)) {
      const known = depth === 0 ? [...Object.keys(fields), ...OTHER_SECTIONS] : Object.keys(fields);
      const near = nearestName(key, known);
      if (depth === 0 && near === undefined) return;
      const section = path.slice(0, depth).join(".");
      const place = section === "" ? "no section" : `${section} has no setting`;
      const help = near === undefined ? `it has ${known.join(", ")}` : `did you mean ${near}?`;
      throw flagFailure("Invalid", "--set", `${text}: ${place} ${key}; ${help}`);
    }
    const next = fields[key]!.fields;
    // A list, a map or a single value: what is written below is judged when it is decoded.
    if (next === undefined) return;
    fields = next;
  }
}
