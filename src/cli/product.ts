/** What this program is called and which version it is. A binary has values in place of these; see `scripts/build_tree.ts`. */
import manifest from "../../package.json" with { type: "json" };

/** Version of the program. */
export const VERSION: string = manifest.version;

/** Names what a binary was made of; undefined for a program that runs from its sources. */
export const BUILD: string | undefined = undefined;
