/** What a command is: its words, its options, its help, what it does. */

/** One option of a command. */
export interface OptionSpec {
  /** One letter. */
  readonly short?: string;
  /** `flag` takes no value, `text` one (the last wins), `list` one each time it is given. */
  readonly type: "flag" | "text" | "list";
  /** One line for completion. */
  readonly about: string;
  /** What a value is, for completion. */
  readonly completes?: "file" | "directory" | readonly string[];
}

/** Whether a word names a pack. */
export function isPackName(word: string): boolean {
  return word.endsWith(".wapp");
}

/** Options by long name. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** Arguments of a command as they were typed. */
export class ParsedArguments {
  readonly positionals: readonly string[];
  /** How many of `positionals` stood before `--`; all of them without it. */
  readonly positionalsBeforeDashes: number;
  /** The pack that the command works on, instead of the project in this folder. */
  readonly pack: string | undefined;
  readonly #flags: ReadonlySet<string>;
  readonly #texts: ReadonlyMap<string, readonly string[]>;

  constructor(
    positionals: readonly string[],
    positionalsBeforeDashes: number,
    flags: ReadonlySet<string>,
    texts: ReadonlyMap<string, readonly string[]>,
    pack?: string,
  ) {
    this.pack = pack;
    this.positionals = positionals;
    this.positionalsBeforeDashes = positionalsBeforeDashes;
    this.#flags = flags;
    this.#texts = texts;
  }

  /** The same with the first word, when it names a pack, as `pack`. */
  withPack(): ParsedArguments {
    const [first, ...rest] = this.positionals;
    if (first === undefined || this.positionalsBeforeDashes === 0 || !isPackName(first)) return this;
    return new ParsedArguments(rest, this.positionalsBeforeDashes - 1, this.#flags, this.#texts, first);
  }

  /** Whether a flag was given. */
  flag(name: string): boolean {
    return this.#flags.has(name);
  }

  /** The value of a `text` option. */
  text(name: string): string | undefined {
    return this.#texts.get(name)?.at(-1);
  }

  /** The values of a `list` option, in order. */
  list(name: string): readonly string[] {
    return this.#texts.get(name) ?? [];
  }
}

/** A command. */
export interface Command {
  /** Help as it is printed, common options first, examples last. */
  readonly help: string;
  readonly options: OptionSpecs;
  /** A pack may stand before its other words. */
  readonly takesPack?: boolean;
  /** Returns the exit code: 0 fine, 1 findings or failure, 2 misuse. */
  run(args: ParsedArguments): Promise<number> | number;
}

/** A command by name, loaded when it is wanted. */
export interface CommandEntry {
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** A word that has commands of its own. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly help: string;
  readonly commands: readonly CommandEntry[];
}

/** The command line was wrong: exit code 2. The message says what to do instead. */
export class Misuse extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Misuse";
  }
}

/** Refuses a pack together with an application that runs already. */
export function refuseConnectedPack(args: ParsedArguments): void {
  if (args.pack !== undefined && args.flag("connect")) {
    throw new Misuse(`--connect asks the application that runs in this folder; ${args.pack} is another one`);
  }
}

/** Refuses more words than a command knows. */
export function refuseExtra(args: ParsedArguments, most: number, usage: string): void {
  const extra = args.positionals[most];
  if (extra !== undefined && isPackName(extra)) {
    throw new Misuse(
      `${extra}: this command works on the files of a project, not on a pack; usage: ${usage}`,
    );
  }
  if (extra !== undefined) throw new Misuse(`unexpected argument ${JSON.stringify(extra)}; usage: ${usage}`);
}
