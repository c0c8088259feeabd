import path from "node:path";
import type { Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Parameter, Workflow } from "./definition.ts";
import { camelCase } from "./names.ts";
import { parameterProblem } from "./parameter-value.ts";

/**
 * The values of a workflow's parameters by name, with defaults filled in; one that is neither given nor has a
 * default is left out. Values are data: nothing in them is expanded or trimmed, and a path is made absolute.
 *
 * @param given by camel-case name, as a parsed command line has it
 * @param cwd absolute; what relative paths are relative to
 */
export function parseParameters(
  { name: workflow, parameters }: Workflow,
  given: Readonly<Record<string, string | boolean | undefined>>,
  cwd: string,
): Result<Readonly<Record<string, string>>, Failure> {
  const hint = `See: tta-persona run ${workflow} --help`;
  const givenText = ({ name }: Parameter): string | undefined => {
    const key = camelCase(name);
    // No name of a parameter may reach what every object inherits.
    return Object.hasOwn(given, key) ? given[key]?.toString() : undefined;
  };
  const missing = parameters.filter((parameter) => parameter.required && !givenText(parameter));
  if (missing.length > 0) {
    const empty = missing.every((parameter) => givenText(parameter) === "");
    const list = missing.map(({ name }) => `--${name}`).join(", ");
    const message = `${workflow} needs ${list}${empty ? ", and not an empty text" : ""}.`;
    return err({ reason: "missing-parameter", message, hint });
  }

  const values: [string, string][] = [];
  for (const parameter of parameters) {
    const value = givenText(parameter) ?? parameter.default;
    if (value === undefined) continue;
    const problem = parameterProblem(parameter, value);
    if (problem !== undefined) {
      const message = `The value of --${parameter.name} ${problem.message}.`;
      return err({ reason: "invalid-parameter", message, hint: `${problem.hint} ${hint}` });
    }
    values.push([parameter.name, parameter.type === "path" ? path.resolve(cwd, value) : value]);
  }
  return ok(Object.fromEntries(values));
}

/** The command-line option of a parameter, as commander reads it: `--version <semver>`, `--publish`. */
export function parameterFlags(parameter: Parameter): { readonly flags: string; readonly doc: string } {
  const { name, type, values, required, description } = parameter;
  const notes = [
    ...(type === "enum" ? [values.join(", ")] : []),
    ...(required ? ["required"] : []),
    ...(type !== "boolean" && parameter.default !== undefined ? [`default: ${parameter.default}`] : []),
  ];
  const isOn = type === "boolean" && parameter.default === "true";
  const about = description ?? (type === "boolean" ? name.replaceAll("-", " ") : SAMPLES[type]);
  const doc = [
    isOn ? `turn off: ${about}` : about,
    ...(notes.length > 0 ? [`(${notes.join("; ")})`] : []),
  ].join(" ");
  if (type === "boolean") return { flags: isOn ? `--no-${name}` : `--${name}`, doc };
  return { flags: `--${name} <${type === "enum" ? "value" : type === "string" ? "text" : type}>`, doc };
}

/** What stands for a description where a definition has none. */
const SAMPLES = {
  string: "a text",
  semver: "a semantic version",
  enum: "one of these",
  path: "a path",
} as const;
