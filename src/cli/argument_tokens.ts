/**
 * Splits a command line into tokens, as `parseArgs` of `node:util` does when it is not strict: that module takes longer to load than
 * all of `wippy version`.
 */
import type { OptionSpecs } from "./command.ts";

/** A word, an option, or the `--` behind which there are only words. */
export type Token =
  | { readonly kind: "positional"; readonly index: number; readonly value: string }
  | { readonly kind: "option-terminator"; readonly index: number }
  | {
    readonly kind: "option";
    readonly index: number;
    /** Its long name when it is known, else as it was typed. */
    readonly name: string;
    /** As it was typed, without a value. */
    readonly rawName: string;
    readonly value: string | undefined;
    /** Whether the value was part of the same argument. */
    readonly inlineValue: boolean | undefined;
  };

/** The tokens of `args`; options of `specs` that are no flags take a value. */
export function tokensOf(args: readonly string[], specs: OptionSpecs): Token[] {
  const byLetter = new Map<string, string>();
  for (const [name, { short }] of Object.entries(specs)) if (short !== undefined) byLetter.set(short, name);
  const takesValue = (name: string): boolean => Object.hasOwn(specs, name) && specs[name]!.type !== "flag";
  const tokens: Token[] = [];
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!;
    if (argument === "--") {
      tokens.push({ kind: "option-terminator", index });
      for (let i = index + 1; i < args.length; i++) {
        tokens.push({ kind: "positional", index: i, value: args[i]! });
      }
      break;
    }
    if (argument.length < 2 || argument[0] !== "-") {
      tokens.push({ kind: "positional", index, value: argument });
      continue;
    }
    /** An option whose value, if it takes one, is the next argument. */
    const option = (name: string, rawName: string): void => {
      const value = takesValue(name) ? args[index + 1] : undefined;
      tokens.push({
        kind: "option",
        index,
        name,
        rawName,
        value,
        inlineValue: value === undefined ? undefined : false,
      });
      if (value !== undefined) index++;
    };
    const inline = (name: string, rawName: string, value: string): void => {
      tokens.push({ kind: "option", index, name, rawName, value, inlineValue: true });
    };
    if (argument.startsWith("--")) {
      const equals = argument.indexOf("=", 3);
      if (equals < 0) option(argument.slice(2), argument);
      else inline(argument.slice(2, equals), argument.slice(0, equals), argument.slice(equals + 1));
      continue;
    }
    for (let at = 1; at < argument.length; at++) {
      const letter = argument[at]!;
      const name = byLetter.get(letter) ?? letter;
      if (takesValue(name) && at + 1 < argument.length) {
        inline(name, `-${letter}`, argument.slice(at + 1));
        break;
      }
      option(name, `-${letter}`);
    }
  }
  return tokens;
}
