/**
 * Text that knows where it may be broken, and its way onto lines of limited width.
 *
 * A group stands on one line when it fits there, and breaks at all of its own lines when not. Comments that run to the line's
 * end are suffixes: whatever stands before the next line break is printed before them, so that they never swallow code.
 *
 * LA1. Documents are immutable. What contains a forced break knows it: `breaks` up to the next `isolated`, `spans` through it.
 */

/** A document. */
export type Doc =
  | string
  | { readonly breaks: boolean; readonly spans: boolean }
    & (
      | { readonly kind: "concat"; readonly parts: readonly Doc[] }
      | { readonly kind: "indent" | "group" | "isolated"; readonly body: Doc }
      | { readonly kind: "fill"; readonly items: readonly Doc[]; readonly from: number }
      | { readonly kind: "choice"; readonly states: readonly Doc[] }
      | { readonly kind: "suffix"; readonly text: string }
      | { readonly kind: "remark"; readonly text: string; readonly after: boolean }
      | { readonly kind: "line"; readonly flat: "" | " " | undefined }
    );

/** A blank, or a line break where the group is broken. */
export const LINE: Doc = { kind: "line", flat: " ", breaks: false, spans: false };
/** Nothing, or a line break where the group is broken. */
export const SOFT: Doc = { kind: "line", flat: "", breaks: false, spans: false };
/** Always a line break. */
export const HARD: Doc = { kind: "line", flat: undefined, breaks: true, spans: true };

/** Whether a document has to be broken. */
export function breaks(doc: Doc): boolean {
  return typeof doc !== "string" && doc.breaks;
}

/** Whether a document takes several lines whatever the width. */
export function spans(doc: Doc): boolean {
  return typeof doc === "string" ? doc.includes("\n") : doc.spans;
}

/** One after the other. */
export function concat(...parts: readonly Doc[]): Doc {
  return sequence(parts);
}

/** `concat` of a list. */
export function sequence(parts: readonly Doc[]): Doc {
  if (parts.length === 1) return parts[0]!;
  return { kind: "concat", parts, breaks: parts.some(breaks), spans: parts.some(spans) };
}

/** Lines in `body` start one level further in. */
export function indent(body: Doc): Doc {
  return { kind: "indent", body, breaks: breaks(body), spans: spans(body) };
}

/** On one line or broken at each line of its own. */
export function group(body: Doc, isBroken = false): Doc {
  return { kind: "group", body, breaks: isBroken || breaks(body), spans: isBroken || spans(body) };
}

/** Items with lines between them: as many on a line as fit. */
export function fill(items: readonly Doc[]): Doc {
  return { kind: "fill", items, from: 0, breaks: items.some(breaks), spans: items.some(spans) };
}

/** The first of `states` in one line; when that does not fit, the first of the others that does, broken; else the last. */
export function choice(...states: readonly Doc[]): Doc {
  return { kind: "choice", states, breaks: false, spans: spans(states[0]!) };
}

/** Broken as it needs, whatever is around; what is around does not break for it. */
export function isolated(body: Doc): Doc {
  return { kind: "isolated", body, breaks: false, spans: spans(body) };
}

/** Text for the end of the line. After a comment of Lua's short form the line has to end. */
export function suffix(text: string, endsLine: boolean): Doc {
  return { kind: "suffix", text, breaks: endsLine, spans: endsLine };
}

/**
 * A comment between tokens, with a blank behind it (`after`) or before it. Where a suffix is waiting it joins it, so that comments
 * keep their order.
 */
export function remark(text: string, after: boolean): Doc {
  return { kind: "remark", text, after, breaks: false, spans: text.includes("\n") };
}

interface Command {
  readonly depth: number;
  readonly isFlat: boolean;
  readonly doc: Doc;
}

/** Prints `doc` on lines of at most `width` where that is possible; lines end with `\n`. */
export function printLayout(doc: Doc, width: number, indentation: string): string {
  return new Printer(width, indentation).run(doc);
}

class Printer {
  readonly #width: number;
  readonly #indentation: string;
  readonly #commands: Command[] = [];
  #out: string[] = [];
  #column = 0;
  #suffixes: string[] = [];

  constructor(width: number, indentation: string) {
    this.#width = width;
    this.#indentation = indentation;
  }

  run(root: Doc): string {
    this.#commands.push({ depth: 0, isFlat: false, doc: root });
    for (let command = this.#commands.pop(); command !== undefined; command = this.#commands.pop()) {
      this.#step(command);
    }
    this.#flush(0);
    return this.#out.join("");
  }

  #step(command: Command): void {
    const { depth, isFlat, doc } = command;
    if (typeof doc === "string") return this.#text(doc);
    switch (doc.kind) {
      case "concat":
        for (let i = doc.parts.length - 1; i >= 0; i--) this.#push(depth, isFlat, doc.parts[i]!);
        return;
      case "indent":
        return this.#push(depth + 1, isFlat, doc.body);
      case "isolated":
        return this.#push(depth, false, doc.body);
      case "suffix":
        this.#suffixes.push(doc.text);
        return;
      case "remark":
        if (this.#suffixes.length > 0) this.#suffixes.push(doc.text);
        else this.#text(doc.after ? `${doc.text} ` : ` ${doc.text}`);
        return;
      case "line":
        if (isFlat && doc.flat !== undefined) return this.#text(doc.flat);
        return this.#newline(depth);
      case "group": {
        const fits = !doc.breaks && (isFlat || this.#fits({ depth, isFlat: true, doc: doc.body }));
        return this.#push(depth, fits, doc.body);
      }
      case "choice":
        return this.#choose(depth, isFlat, doc.states);
      case "fill":
        return this.#fill(depth, isFlat, doc);
    }
  }

  #push(depth: number, isFlat: boolean, doc: Doc): void {
    this.#commands.push({ depth, isFlat, doc });
  }

  #choose(depth: number, isFlat: boolean, states: readonly Doc[]): void {
    const [first, ...others] = states;
    if (!breaks(first!) && (isFlat || this.#fits({ depth, isFlat: true, doc: first! }))) {
      return this.#push(depth, true, first!);
    }
    const found = others.find((doc) => this.#fits({ depth, isFlat: false, doc })) ?? others.at(-1)!;
    this.#push(depth, false, found);
  }

  #fill(depth: number, isFlat: boolean, doc: Extract<Doc, { kind: "fill" }>): void {
    const { items, from } = doc;
    const item = items[from];
    if (item === undefined) return;
    const next = items[from + 1];
    if (next !== undefined) {
      const pair: Doc = { kind: "concat", parts: [item, LINE, next], breaks: false, spans: false };
      const fits = isFlat || this.#fits({ depth, isFlat: true, doc: pair }, false);
      this.#push(depth, isFlat, { ...doc, from: from + 1 });
      this.#push(depth, fits, LINE);
    }
    this.#push(depth, true, item);
  }

  #text(text: string): void {
    this.#out.push(text);
    const lastBreak = text.lastIndexOf("\n");
    this.#column = lastBreak < 0 ? this.#column + text.length : text.length - lastBreak - 1;
  }

  #newline(depth: number): void {
    this.#flush(depth);
    this.#breakLine(depth);
  }

  #breakLine(depth: number): void {
    // Nothing stands on the line but its indentation: none is left.
    while (this.#out.length > 0 && /^ +$/.test(this.#out.at(-1)!)) this.#out.pop();
    const last = this.#out.at(-1);
    if (last !== undefined && last.endsWith(" ")) this.#out[this.#out.length - 1] = last.trimEnd();
    const margin = this.#indentation.repeat(depth);
    this.#out.push("\n");
    if (margin !== "") this.#out.push(margin);
    this.#column = margin.length;
  }

  #flush(depth: number): void {
    const texts = this.#suffixes;
    this.#suffixes = [];
    for (const [i, text] of texts.entries()) {
      if (i > 0) this.#breakLine(depth);
      const last = this.#out.at(-1);
      const isAtStart = last === undefined || last.endsWith("\n") || /^ +$/.test(last);
      this.#out.push(isAtStart ? text : ` ${text}`);
    }
  }

  /** Whether what is left of the line holds `next`, and what follows up to the first possible line break. */
  #fits(next: Command, withRest = true): boolean {
    let left = this.#width - this.#column;
    let restAt = withRest ? this.#commands.length : 0;
    let isRest = false;
    const stack: Command[] = [next];
    while (left >= 0) {
      let command = stack.pop();
      if (command === undefined) {
        isRest = true;
        command = this.#commands[--restAt];
        if (command === undefined) return true;
      }
      const { depth, isFlat, doc } = command;
      if (typeof doc === "string") {
        const lineBreak = doc.indexOf("\n");
        if (lineBreak >= 0) return lineBreak <= left;
        left -= doc.length;
        continue;
      }
      switch (doc.kind) {
        case "concat":
          for (let i = doc.parts.length - 1; i >= 0; i--) stack.push({ depth, isFlat, doc: doc.parts[i]! });
          break;
        case "indent":
          stack.push({ depth, isFlat, doc: doc.body });
          break;
        case "isolated":
          stack.push({ depth, isFlat: false, doc: doc.body });
          break;
        case "suffix":
          break;
        case "remark":
          if (doc.spans) return doc.text.indexOf("\n") <= left;
          left -= doc.text.length + 1;
          break;
        case "line":
          if (!isFlat || doc.flat === undefined) return true;
          left -= doc.flat.length;
          break;
        case "group":
          // What follows may still be broken; what is being asked about is not, unless it has to.
          stack.push({ depth, isFlat: !doc.breaks && (isFlat || !isRest), doc: doc.body });
          break;
        case "choice": {
          const [first, second] = doc.states;
          const isFirst = !breaks(first!);
          stack.push({ depth, isFlat: isFirst && (isFlat || !isRest), doc: isFirst ? first! : second! });
          break;
        }
        case "fill":
          if (doc.from >= doc.items.length) break;
          if (doc.from + 1 < doc.items.length) {
            stack.push({ depth, isFlat, doc: { ...doc, from: doc.from + 1 } });
            stack.push({ depth, isFlat, doc: LINE });
          }
          stack.push({ depth, isFlat, doc: doc.items[doc.from]! });
          break;
      }
    }
    return false;
  }
}
