/** Which command lines boot an application. */

const BOOTING = new Set(["run", "call", "test", "shell"]);
/** Words that make them do something else. */
const NOT_BOOTING = ["--help", "-h", "--connect", "list"];

/** Whether these words boot an application, as far as can be told without reading them: the first one is taken for the command. */
export function bootsLua(words: readonly string[]): boolean {
  const command = words.find((word) => !word.startsWith("-"));
  return command !== undefined && BOOTING.has(command) && !words.some((word) => NOT_BOOTING.includes(word));
}
