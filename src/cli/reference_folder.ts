/** Where the language server writes declarations of modules, for editors to open. */
import type { Ports } from "../ports/mod.ts";
import { VERSION } from "./product.ts";

/** The option of the language server; without a home of the account there is none. */
export async function referenceOption(
  ports: Pick<Ports, "files" | "osVariable">,
): Promise<{ referenceFolder?: string }> {
  const { accountFolder } = await import("../app/mod.ts");
  const folder = accountFolder(ports);
  return folder === undefined ? {} : { referenceFolder: ports.files.resolve(folder, "reference", VERSION) };
}
