/** Answers of the SAM bridge of an I2P router: two words and values. */

/** An answer. */
export interface SamReply {
  /** Its two words. */
  readonly topic: string;
  /** What `RESULT` says; "" when it says nothing. */
  readonly result: string;
  readonly values: Readonly<Record<string, string>>;
}

/** The answer in a line. */
export function parseSamReply(line: string): SamReply {
  const values: Record<string, string> = {};
  for (const [, key, quoted, plain] of line.matchAll(/([A-Z_]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g)) {
    values[key!] = quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "";
  }
  const topic = /^\S+(?: \S+)?/.exec(line.trim())?.[0] ?? "";
  return { topic, result: values["RESULT"] ?? "", values };
}
