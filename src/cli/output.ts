/**
 * What the command line prints: results to stdout, everything else to stderr.
 *
 * O1. A reader that went away ends the program quietly. O2. Colour only on a terminal, and never under `NO_COLOR`.
 */
import process from "node:process";
import { isTerminal, writeStream } from "../platform/standard_streams.ts";

const ENCODER = new TextEncoder();
const STDOUT = 1;
const STDERR = 2;

function write(fd: number, text: string): void {
  try {
    writeStream(fd, ENCODER.encode(text));
  } catch (error) {
    if ((error as { code?: string }).code === "EPIPE") process.exit(0);
    throw error;
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
