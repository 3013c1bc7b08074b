/** Which command lines boot an application. */

/** Commands that do, and whether they end by themselves. */
const BOOTING: ReadonlyMap<string, { readonly isShort: boolean }> = new Map([
  ["run", { isShort: false }],
  ["shell", { isShort: false }],
  ["call", { isShort: true }],
  ["test", { isShort: true }],
]);
/** Words that make them do something else. */
const NOT_BOOTING = ["--help", "-h", "--connect", "list"];

/** What these words boot, as far as can be told without reading them: the first one is taken for the command; undefined is nothing. */
export function bootedBy(words: readonly string[]): { readonly isShort: boolean } | undefined {
  const command = BOOTING.get(words.find((word) => !word.startsWith("-")) ?? "");
  return words.some((word) => NOT_BOOTING.includes(word)) ? undefined : command;
}
