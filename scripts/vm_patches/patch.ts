/** What a patch is. */

/** One replacement in one source file; `all` replaces every occurrence, else the first. */
export interface Patch {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly all?: boolean;
}
