/**
 * What of a document may stay.
 *
 * P1. Nothing is allowed that was not named; elements whose text would run as code, or belongs to another document, never are.
 * P2. Schemes that run code are refused whatever attribute rules say.
 */
import { UrlRules } from "./urls.ts";

/** Checks the value of an attribute. */
export type ValueTest = (value: string) => boolean;

/** Elements that are dropped with all they hold, also when a policy names them. */
export const DROPPED: ReadonlySet<string> = new Set([
  "script",
  "style",
  "iframe",
  "frame",
  "frameset",
  "object",
  "embed",
  "applet",
  "noembed",
  "noframes",
  "noscript",
  "xmp",
  "plaintext",
  "template",
]);

/** The attributes of elements, with the tests that their values must pass: one of them, or none when there are none. */
class AttributeRules {
  readonly #tests = new Map<string, ValueTest[]>();

  allow(name: string, test: ValueTest | undefined): void {
    const known = this.#tests.get(name);
    // An attribute that was allowed without a test stays so.
    if (test === undefined) this.#tests.set(name, []);
    else if (known === undefined) this.#tests.set(name, [test]);
    else if (known.length > 0) known.push(test);
  }

  /** Whether it may stay; undefined when there is no rule. */
  permits(name: string, value: string): boolean | undefined {
    const tests = this.#tests.get(name);
    return tests === undefined ? undefined : tests.length === 0 || tests.some((test) => test(value));
  }
}

/** A policy under construction; it may be changed at any time. */
export class Policy {
  readonly #elements = new Map<string, AttributeRules>();
  readonly #globalRules = new AttributeRules();
  readonly urls = new UrlRules();
  noFollow = false;
  noReferrer = false;
  targetBlank = false;

  allowElements(names: readonly string[]): void {
    for (const name of names) this.#rulesOf(name);
  }

  /** Allows attributes on elements, which are thereby allowed too. */
  allowAttributes(names: readonly string[], elements: readonly string[], test?: ValueTest): void {
    for (const element of elements) {
      for (const name of names) this.#rulesOf(element).allow(name.toLowerCase(), test);
    }
  }

  /** Allows attributes on whatever element is allowed. */
  allowAttributesGlobally(names: readonly string[], test?: ValueTest): void {
    for (const name of names) this.#globalRules.allow(name.toLowerCase(), test);
  }

  hasElement(name: string): boolean {
    return this.#elements.has(name) && !DROPPED.has(name);
  }

  permits(element: string, name: string, value: string): boolean {
    const own = this.#elements.get(element)?.permits(name, value);
    return own === true || this.#globalRules.permits(name, value) === true;
  }

  #rulesOf(name: string): AttributeRules {
    const element = name.toLowerCase();
    let rules = this.#elements.get(element);
    if (rules === undefined) {
      rules = new AttributeRules();
      this.#elements.set(element, rules);
    }
    return rules;
  }
}
