/** `wippy completion`: scripts that make a shell ask this program what may follow. */
import { type Command, Misuse, refuseExtra } from "../command.ts";
import { printResult } from "../output.ts";
import { didYouMean } from "../suggestion.ts";

/** Bash splits words at colons, so the word is taken from the line and what stands before a colon is cut off again. */
const BASH = `_wippy() {
  local line="\${COMP_LINE:0:COMP_POINT}" word candidate
  local -a words
  read -r -a words <<< "$line"
  [[ "$line" == *" " ]] && words+=("")
  word="\${words[\${#words[@]}-1]}"
  local cut="\${word%"\${word##*[:=]}"}"
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate _; do
    case "$candidate" in
      "<file>") compopt -o filenames 2>/dev/null; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word") ;;
      "<directory>") compopt -o filenames 2>/dev/null; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$word") ;;
      "$word"*) COMPREPLY+=("\${candidate#"$cut"}") ;;
    esac
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
  [[ \${#COMPREPLY[@]} -eq 1 && "\${COMPREPLY[0]}" == *[:=] ]] && compopt -o nospace 2>/dev/null
}
complete -F _wippy wippy
`;

const ZSH = `#compdef wippy
_wippy() {
  local -a candidates
  local candidate about line
  while IFS=$'\\t' read -r candidate about; do
    case "$candidate" in
      "<file>") _files ;;
      "<directory>") _files -/ ;;
      *) candidates+=("\${candidate//:/\\\\:}:\${about}") ;;
    esac
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe 'wippy' candidates
}
if [ "$funcstack[1]" = "_wippy" ]; then
  _wippy "$@"
else
  compdef _wippy wippy
fi
`;

const FISH = `function __wippy_complete
  set -l words (commandline -opc) (commandline -ct)
  for candidate in ($words[1] __complete -- $words[2..-1] 2>/dev/null)
    switch $candidate
      case '<file>*'
        __fish_complete_path (commandline -ct)
      case '<directory>*'
        __fish_complete_directories (commandline -ct)
      case '*'
        echo $candidate
    end
  end
end
complete -c wippy -f -a '(__wippy_complete)'
`;

const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** Prints a completion script. */
export const completion: Command = {
  help: `Print a script that completes wippy's commands, options, entries and functions

Usage
  wippy completion bash|zsh|fish

Examples
  source <(wippy completion bash)                                      this shell
  wippy completion bash > ~/.local/share/bash-completion/completions/wippy
  wippy completion zsh > "\${fpath[1]}/_wippy"
  wippy completion fish > ~/.config/fish/completions/wippy.fish
`,
  options: {},
  run(args) {
    refuseExtra(args, 1, "wippy completion bash|zsh|fish");
    const shell = args.positionals[0];
    if (shell === undefined) throw new Misuse("which shell? usage: wippy completion bash|zsh|fish");
    const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
    if (script === undefined) {
      const shells = Object.keys(SCRIPTS);
      const hint = didYouMean(shell, shells) || `; there are ${shells.join(", ")}`;
      throw new Misuse(`no completion for ${JSON.stringify(shell)}${hint}`);
    }
    printResult(script);
    return 0;
  },
};
