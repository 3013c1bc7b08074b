/** Help of the program as a whole. */

/** Options that every command takes, as its help shows them. */
export const GLOBAL_HELP = `Everywhere
      --config FILE          configuration file instead of .wippy.yaml; repeatable, later ones win
  -c, --console              colourful log lines
  -v, --verbose              debug log lines; --very-verbose adds stack traces
  -s, --silent               no log lines
  -e, --event-streams        log records also as events
  -m, --memory-limit SIZE    memory limit, such as 512M or 1G
  -p, --profiler             profiler on localhost:6060
  -h, --help                 help of the command
`;

/** What `wippy` and `wippy help` print. */
export const HELP = `Wippy runs applications made of registry entries: Lua functions, processes and services

Usage
  wippy <command> [options]

Begin
  init         create a project, or the lock file of an existing one
  run          start the application, or run one of its commands
  call         call a function and print its result
  test         run the tests
  lint         check the Lua: syntax, types, rules
  fmt          format sources and definition files
  lsp          serve editors
  pack         put the application into one file that runs anywhere
  docs         reference of modules and entry kinds

Modules
  add          add a module, such as wippy/test
  install      install the modules of the lock file
  update       bring the lock file up to date

Look inside
  shell        Lua in a running application, line by line
  ps           live processes of a running application
  registry     entries; versions, their differences, the way back

And
  completion   completion for bash, zsh or fish
  version      version of this program
  help         this text, or that of a command

${GLOBAL_HELP}
Examples
  wippy init hello                     a new project in the folder hello
  wippy run                            start it, until Ctrl+C
  wippy call app:greet name=Ada        call one function of it
  wippy run list                       commands that the application brings
`;

/** Help of a command with the options that every command takes; examples stay last. */
export function withGlobalHelp(help: string): string {
  const at = help.indexOf("\nExamples\n");
  if (at < 0) return `${help}\n${GLOBAL_HELP}`;
  return `${help.slice(0, at)}\n${GLOBAL_HELP}${help.slice(at)}`;
}
