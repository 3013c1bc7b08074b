/** Checks of documents against JSON Schema, with compiled schemas kept. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { Ajv, type AnySchema, type ErrorObject, type Options, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { RE2JS } from "re2js";
import { Failure } from "../../src/core/mod.ts";

/** Compiled schemas kept; the one used longest ago goes first. */
const SCHEMAS_CACHED_MAX = 100;
/** Problems named in one message. */
const PROBLEMS_MAX = 10;

/** Regular expressions in schemas run in linear time, whoever wrote them. */
function linearExpression(pattern: string): { test(text: string): boolean; toString(): string } {
  const expression = RE2JS.compile(pattern);
  // The engine tells expressions apart by their text.
  return { test: (text) => expression.matcher(text).find(), toString: () => `re2:${pattern}` };
}
linearExpression.code = "linearExpression";

const OPTIONS: Options = {
  strict: false,
  allErrors: true,
  logger: false,
  // The library's type wants `RegExp` flags too; schemas have none but "u", which is the default here.
  code: { regExp: linearExpression as unknown as NonNullable<Options["code"]>["regExp"] },
};

type FormatsPlugin = (ajv: Ajv | Ajv2020) => unknown;

/** Compiled schemas by their text. */
export class SchemaCache {
  readonly #compiled = new Map<string, ValidateFunction>();
  #latest: Ajv2020 | undefined;
  #draft7: Ajv | undefined;

  /**
   * What is wrong with `document` by the schema in `text`, `""` when nothing is. Fails with Invalid when the schema is
   * none, with Internal when the document is no JSON.
   */
  check(text: string, document: string): string {
    const validate = this.#validator(text);
    return validate(parse(document)) ? "" : describeProblems(validate.errors);
  }

  #validator(text: string): ValidateFunction {
    const known = this.#compiled.get(text);
    if (known !== undefined) {
      this.#compiled.delete(text);
      this.#compiled.set(text, known);
      return known;
    }
    const compiled = this.#compile(text);
    this.#compiled.set(text, compiled);
    if (this.#compiled.size > SCHEMAS_CACHED_MAX) this.#compiled.delete(this.#compiled.keys().next().value!);
    return compiled;
  }

  #compile(text: string): ValidateFunction {
    try {
      const schema = JSON.parse(text) as AnySchema;
      const ajv = this.#engineOf(schema);
      const compiled = ajv.compile(schema);
      // The engine must not keep what the cache forgets, nor mind a second schema of the same id.
      ajv.removeSchema(schema);
      return compiled;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Failure("Invalid", `schema compilation failed: ${reason}`, { retryable: false, cause });
    }
  }

  #engineOf(schema: AnySchema): Ajv | Ajv2020 {
    const dialect = typeof schema === "object" ? String(schema["$schema"] ?? "") : "";
    const isDraft7 = /draft-0[4-7]/.test(dialect);
    if (isDraft7) return this.#draft7 ??= withFormats(new Ajv(OPTIONS));
    return this.#latest ??= withFormats(new Ajv2020(OPTIONS));
  }
}

function withFormats<T extends Ajv | Ajv2020>(ajv: T): T {
  (addFormats as unknown as FormatsPlugin)(ajv);
  return ajv;
}

function parse(document: string): unknown {
  try {
    return JSON.parse(document);
  } catch (cause) {
    throw new Failure("Internal", `invalid JSON: ${(cause as Error).message}`, { retryable: false, cause });
  }
}

/** What is wrong, for people: where and why. */
function describeProblems(problems: readonly ErrorObject[] | null | undefined): string {
  const texts = (problems ?? []).map(({ instancePath, message }) =>
    `${instancePath === "" ? "document" : instancePath} ${message ?? "is invalid"}`
  );
  const more = texts.length > PROBLEMS_MAX ? `; and ${texts.length - PROBLEMS_MAX} more` : "";
  return `${texts.slice(0, PROBLEMS_MAX).join("; ")}${more}`;
}
