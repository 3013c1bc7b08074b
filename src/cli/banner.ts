/** The first lines of a run on a terminal. */
import type { Style } from "./output.ts";
import { VERSION } from "./product.ts";

/** Name and version. */
export function banner(style: Style): string {
  return [
    "",
    `  ${style.cyan("╻╻╻")} ${style.bold("wippy")} ${VERSION}`,
    `  ${style.cyan("┗┻┛")} ${
      style.dim("everything in it can be seen, changed and rolled back while it runs")
    }`,
    "",
  ].join("\n");
}
