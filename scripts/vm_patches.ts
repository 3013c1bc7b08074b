/**
 * What is changed in the stock Lua 5.4.9 sources, as exact replacements.
 *
 * P1. A replacement whose `from` does not occur fails the build: a newer Lua can't be patched by accident.
 */
import { BUDGET, YIELD } from "./vm_patches/budget.ts";
import { FROZEN } from "./vm_patches/frozen.ts";
import { HOT } from "./vm_patches/hot.ts";
import { LIBRARY, NO_FILES, OPENING } from "./vm_patches/library.ts";
import type { Patch } from "./vm_patches/patch.ts";
import { STRINGS } from "./vm_patches/strings.ts";
import { TABLES } from "./vm_patches/tables.ts";

/** All patches, in order. */
const PATCHES: readonly Patch[] = [
  ...YIELD,
  ...BUDGET,
  ...FROZEN,
  ...LIBRARY,
  ...STRINGS,
  ...TABLES,
  ...HOT,
  ...NO_FILES,
  ...OPENING,
];

/** `text` with the patches of `file` applied. */
export function applyPatches(file: string, text: string): string {
  for (const patch of PATCHES) {
    if (patch.file !== file) continue;
    if (!text.includes(patch.from)) {
      throw new Error(`patch does not apply to ${file}: ${patch.from.split("\n")[0]}`);
    }
    text = patch.all ? text.replaceAll(patch.from, patch.to) : text.replace(patch.from, () => patch.to);
  }
  return text;
}
