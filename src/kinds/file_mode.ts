/** Permission bits as entries write them. */
import { Failure, type Field } from "../core/mod.ts";

const DIGITS = /^(0o?)?([0-7]{1,4})$/;

/**
 * Permission bits: octal text (`"0755"`) or a number. YAML readers turn an unquoted `0644` into the number 644, so a number
 * whose digits are octal and give everyone no more than the group, and the group no more than the owner, is read that way;
 * any other is taken as it is.
 */
export function fileMode(options: { default: number; doc?: string }): Field<number> {
  return {
    type: "octal mode",
    doc: options.doc,
    decode(value, scope) {
      if (value === null || value === undefined || value === "") return options.default;
      if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0o7777) {
        const octal = DIGITS.test(String(value)) ? Number.parseInt(String(value), 8) : value;
        return isOrderly(octal) ? octal : value;
      }
      const digits = typeof value === "string" ? DIGITS.exec(value)?.[2] : undefined;
      if (digits !== undefined) return Number.parseInt(digits, 8);
      throw new Failure(
        "Invalid",
        `${scope.path}: expected an octal mode such as "0755", got ${JSON.stringify(value)}`,
        {
          retryable: false,
        },
      );
    },
  };
}

function isOrderly(mode: number): boolean {
  const [owner, group, others] = [mode >> 6 & 7, mode >> 3 & 7, mode & 7] as const;
  return (group & ~owner) === 0 && (others & ~group) === 0;
}

/** `mode` for a directory: who may read may also enter. */
export function directoryMode(mode: number): number {
  return mode | (mode & 0o444) >> 2;
}
