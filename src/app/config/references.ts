/**
 * The two references of a configuration file: `${env:NAME}`, an operating system variable, filled when the file is
 * loaded, and `${name}`, a key of the merged `vars` section, filled when all layers are merged.
 */
import { Failure, isValueMap, type Value, type ValueMap } from "../../core/mod.ts";

/** A reference to the environment of the machine. */
export const ENVIRONMENT_REFERENCE = /\$\{env:([^}]*)\}/g;
/** A reference to a variable of the configuration. */
export const VARIABLE_REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_.-]*)\}/g;

/** How texts inside a value are rewritten; `path` leads to the text. */
type Rewrite = (text: string, path: readonly string[]) => Value;

function mapTexts(value: Value, path: readonly string[], rewrite: Rewrite): Value {
  if (typeof value === "string") return rewrite(value, path);
  if (Array.isArray(value)) return value.map((item, i) => mapTexts(item, [...path, String(i)], rewrite));
  if (!isValueMap(value)) return value;
  const keys = Object.keys(value);
  if (keys.length === 0) return value;
  return Object.fromEntries(keys.map((key) => [key, mapTexts(value[key], [...path, key], rewrite)]));
}

/**
 * Fills `${env:NAME}`. A missing variable, and any such reference in the `vars` of a profile, is Invalid and names the
 * place that `origin` gives for it.
 */
export function fillEnvironment(
  values: ValueMap,
  variable: (name: string) => string | undefined,
  origin: (path: readonly string[]) => string,
): ValueMap {
  return mapTexts(values, [], (text, path) =>
    text.replace(ENVIRONMENT_REFERENCE, (_whole, name: string) => {
      const place = `${path.join(".")} (${origin(path)})`;
      if (path[0] === "profiles" && path[2] === "vars") {
        throw new Failure(
          "Invalid",
          `${place}: \${env:${name}} is not allowed in the vars of a profile; put it into the vars of the file`,
        );
      }
      const value = variable(name);
      if (value === undefined) {
        throw new Failure("Invalid", `${place}: environment variable ${name} is not set`);
      }
      return value;
    })) as ValueMap;
}

/**
 * Fills `${name}` everywhere from `values.vars`, whose own values may name each other. A text that is one reference and
 * nothing else takes the variable's value with its type. Unknown names and circles are Invalid.
 */
export function fillVariables(
  values: ValueMap,
  origin: (path: readonly string[]) => string | undefined,
): ValueMap {
  const section = values.vars;
  const variables: ValueMap = isValueMap(section) ? section : {};
  const filled = new Map<string, Value>();
  const open: string[] = [];

  function variable(name: string, path: readonly string[]): Value {
    if (filled.has(name)) return filled.get(name);
    const value = lookUp(variables, name);
    if (value === undefined) {
      const known = Object.keys(variables);
      const place = origin(path);
      throw new Failure(
        "Invalid",
        `${path.join(".")}${place === undefined ? "" : ` (${place})`}: unknown variable \${${name}}; ` +
          (known.length === 0 ? "the vars section is empty" : `vars has ${known.join(", ")}`),
      );
    }
    if (open.includes(name)) {
      throw new Failure(
        "Invalid",
        `vars: ${[...open.slice(open.indexOf(name)), name].join(" -> ")} is a circle`,
      );
    }
    open.push(name);
    const result = mapTexts(value, ["vars", name], fill);
    open.pop();
    filled.set(name, result);
    return result;
  }

  function fill(text: string, path: readonly string[]): Value {
    const whole = new RegExp(`^${VARIABLE_REFERENCE.source}$`).exec(text);
    if (whole !== null) return variable(whole[1]!, path);
    return text.replace(VARIABLE_REFERENCE, (_match, name: string) => {
      const value = variable(name, path);
      return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
    });
  }

  return mapTexts(values, [], fill) as ValueMap;
}

/** A variable by its key, or by a dotted path through nested maps. */
function lookUp(variables: ValueMap, name: string): Value {
  if (Object.hasOwn(variables, name)) return variables[name];
  let value: Value = variables;
  for (const key of name.split(".")) {
    if (!isValueMap(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
