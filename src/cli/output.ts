/**
 * What the command line prints: results to stdout, everything else to stderr.
 *
 * O1. A reader that went away ends the program quietly. O2. Colour only on a terminal, and never under `NO_COLOR`.
 */
import { fstatSync, statSync, writeSync } from "node:fs";
import process from "node:process";

const ENCODER = new TextEncoder();
const STDOUT = 1;
const STDERR = 2;

/** Where nothing is kept. Other systems than those like Unix have none by that name. */
const NULL_DEVICE = "/dev/null";

/**
 * Whether a standard stream is a terminal. The module that knows takes long to load, so files, pipes and the null device, which
 * most streams are, are told apart without it.
 */
function isTerminal(fd: number): boolean {
  try {
    const stream = fstatSync(fd);
    if (!stream.isCharacterDevice()) return false;
    if (statSync(NULL_DEVICE, { throwIfNoEntry: false })?.rdev === stream.rdev) return false;
  } catch {
    // A closed stream is no terminal.
    return false;
  }
  return process.getBuiltinModule("node:tty").isatty(fd);
}

function write(fd: number, text: string): void {
  const bytes = ENCODER.encode(text);
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(fd, bytes, done, bytes.length - done);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === "EAGAIN") continue;
      if (code === "EPIPE") process.exit(0);
      throw error;
    }
  }
}

/** Writes a result. */
export function printResult(text: string): void {
  write(STDOUT, text.endsWith("\n") ? text : `${text}\n`);
}

/** Writes a part of a result, as it is. */
export function writeResult(text: string): void {
  write(STDOUT, text);
}

/** Writes progress, a log line or a complaint, as it is. */
export function writeProgress(text: string): void {
  write(STDERR, text);
}

/** Writes a line of progress or a complaint. */
export function printProgress(line: string): void {
  write(STDERR, `${line}\n`);
}

/** Whether a person looks at results. */
export function isResultTerminal(): boolean {
  return isTerminal(STDOUT);
}

/** Whether a person looks at progress. */
export function isProgressTerminal(): boolean {
  return isTerminal(STDERR);
}

/** Whether a person can be asked. */
export function isInputTerminal(): boolean {
  return isTerminal(0) && isTerminal(STDERR);
}

/** Colours and weights of one output. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
  readonly isColoured: boolean;
}

/** The style of stdout or stderr. */
export function styleOf(output: "result" | "progress"): Style {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const isOnTerminal = isTerminal(output === "result" ? STDOUT : STDERR);
  const isForced = FORCE_COLOR !== undefined && FORCE_COLOR !== "0" && FORCE_COLOR !== "";
  const isColoured = (NO_COLOR === undefined || NO_COLOR === "") &&
    (isForced || (isOnTerminal && TERM !== "dumb"));
  const paint = (code: number) => (text: string): string =>
    isColoured ? `\u001b[${code}m${text}\u001b[0m` : text;
  return {
    bold: paint(1),
    dim: paint(2),
    red: paint(31),
    green: paint(32),
    yellow: paint(33),
    cyan: paint(36),
    isColoured,
  };
}
