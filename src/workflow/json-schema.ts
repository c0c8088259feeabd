import { err, ok, type Result } from "../core/result.ts";

/** What does not fit, and where: `$.risk is no number`. Undefined when all of it does. */
export type JsonCheck = (value: unknown, path?: string) => string | undefined;

type Keyword = (value: unknown, at: string, schema: JsonObject) => Result<JsonCheck, string>;
type JsonObject = Readonly<Record<string, unknown>>;

/** They say nothing about what fits. `format` is one of them, as in JSON Schema's own default. */
const ANNOTATIONS = ["$schema", "$id", "$comment", "title", "description", "default", "examples", "format"];

/**
 * Makes a check of a JSON Schema of the kind that models are given. A keyword that is not known here is refused, with
 * its place: an answer that nobody has looked at must not pass for one that fits.
 */
export function compileJsonSchema(schema: unknown, at = "$"): Result<JsonCheck, string> {
  if (schema === true) return ok(() => undefined);
  if (schema === false) return ok((_, path = "$") => `${path} must not be there`);
  if (!isObject(schema)) return err(`${at} is no JSON Schema`);
  const checks: JsonCheck[] = [];
  for (const [name, value] of Object.entries(schema)) {
    if (ANNOTATIONS.includes(name)) continue;
    const keyword = Object.hasOwn(keywords, name) ? keywords[name] : undefined;
    if (keyword === undefined) return err(`${at}.${name} is not supported`);
    const check = keyword(value, `${at}.${name}`, schema);
    if (!check.ok) return check;
    checks.push(check.value);
  }
  return ok((value, path = "$") => {
    for (const check of checks) {
      const problem = check(value, path);
      if (problem !== undefined) return problem;
    }
    return undefined;
  });
}

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
  array: Array.isArray,
  object: isObject,
};

const keywords: Readonly<Record<string, Keyword>> = {
  type(value, at) {
    const names = Array.isArray(value) ? value : [value];
    const known = names.filter(
      (name): name is string => typeof name === "string" && Object.hasOwn(TYPES, name),
    );
    if (known.length === 0 || known.length < names.length) return err(`${at} is no type`);
    return ok((found, path) =>
      known.some((name) => TYPES[name]?.(found)) ? undefined : `${path} is no ${known.join(" or ")}`,
    );
  },
  enum(value, at) {
    if (!Array.isArray(value) || value.length === 0) return err(`${at} is no list of values`);
    const allowed = value.map(canonical);
    return ok((found, path) =>
      allowed.includes(canonical(found)) ? undefined : `${path} is none of ${allowed.join(", ")}`,
    );
  },
  const: (value) =>
    ok((found, path) =>
      canonical(found) === canonical(value) ? undefined : `${path} is not ${canonical(value)}`,
    ),
  properties(value, at) {
    if (!isObject(value)) return err(`${at} is no mapping`);
    const fields = compileAll(Object.entries(value), at);
    if (!fields.ok) return fields;
    return ok((found, path) => {
      if (!isObject(found)) return undefined;
      return first(fields.value, ([name, check]) =>
        Object.hasOwn(found, name) ? check(found[name], `${path}.${name}`) : undefined,
      );
    });
  },
  required(value, at) {
    if (!Array.isArray(value) || !value.every((name) => typeof name === "string"))
      return err(`${at} is no list of names`);
    return ok((found, path) => {
      const missing = isObject(found) ? value.find((name) => !Object.hasOwn(found, name)) : undefined;
      return missing === undefined ? undefined : `${path}.${missing} is missing`;
    });
  },
  additionalProperties(value, at, { properties }) {
    const check = compileJsonSchema(value, at);
    if (!check.ok) return check;
    const known = isObject(properties) ? properties : {};
    return ok((found, path) => {
      if (!isObject(found)) return undefined;
      const others = Object.entries(found).filter(([name]) => !Object.hasOwn(known, name));
      return first(others, ([name, other]) => check.value(other, `${path}.${name}`));
    });
  },
  items(value, at) {
    const check = compileJsonSchema(value, at);
    if (!check.ok) return check;
    return ok((found, path) =>
      Array.isArray(found)
        ? first([...found.entries()], ([index, item]) => check.value(item, `${path}[${index}]`))
        : undefined,
    );
  },
  anyOf(value, at) {
    if (!Array.isArray(value) || value.length === 0) return err(`${at} is no list of schemas`);
    const choices = compileAll(
      [...value.entries()].map(([index, one]) => [String(index), one]),
      at,
    );
    if (!choices.ok) return choices;
    return ok((found, path) =>
      choices.value.some(([, check]) => check(found, path) === undefined)
        ? undefined
        : `${path} fits none of anyOf`,
    );
  },
  pattern(value, at) {
    const pattern = typeof value === "string" ? regularExpression(value) : undefined;
    if (pattern === undefined) return err(`${at} is no regular expression`);
    return ok((found, path) =>
      typeof found !== "string" || pattern.test(found) ? undefined : `${path} does not match ${value}`,
    );
  },
  minimum: bound((found, limit) => found >= limit, "below", asNumber),
  maximum: bound((found, limit) => found <= limit, "above", asNumber),
  exclusiveMinimum: bound((found, limit) => found > limit, "not above", asNumber),
  exclusiveMaximum: bound((found, limit) => found < limit, "not below", asNumber),
  minLength: bound((found, limit) => found >= limit, "shorter than", lengthOfText),
  maxLength: bound((found, limit) => found <= limit, "longer than", lengthOfText),
  minItems: bound((found, limit) => found >= limit, "shorter than", lengthOfList),
  maxItems: bound((found, limit) => found <= limit, "longer than", lengthOfList),
};

function bound(
  holds: (found: number, limit: number) => boolean,
  how: string,
  measure: (value: unknown) => number | undefined,
): Keyword {
  return (limit, at) => {
    if (typeof limit !== "number") return err(`${at} is no number`);
    return ok((value, path) => {
      const found = measure(value);
      return found === undefined || holds(found, limit) ? undefined : `${path} is ${how} ${limit}`;
    });
  };
}

function asNumber(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** In characters, as JSON Schema counts. */
function lengthOfText(value: unknown): number | undefined {
  return typeof value === "string" ? [...value].length : undefined;
}

function lengthOfList(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined;
}

/** Not multi-line, as in JSON Schema. */
function regularExpression(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, "u");
  } catch {
    return undefined;
  }
}

function compileAll(
  schemas: readonly (readonly [string, unknown])[],
  at: string,
): Result<readonly (readonly [string, JsonCheck])[], string> {
  const checks: (readonly [string, JsonCheck])[] = [];
  for (const [name, schema] of schemas) {
    const check = compileJsonSchema(schema, `${at}.${name}`);
    if (!check.ok) return check;
    checks.push([name, check.value]);
  }
  return ok(checks);
}

function first<T>(values: readonly T[], problemOf: (value: T) => string | undefined): string | undefined {
  for (const value of values) {
    const problem = problemOf(value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Of equal values the same text, whatever the order of their fields. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    isObject(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one,
  );
}
