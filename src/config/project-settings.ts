import { readDefinitionText } from "../core/definition-text.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import type { Failure } from "../core/errors.ts";
import { type Position, parseSource, type Source } from "../core/source.ts";
import { checkSetting, type SettingKey, settingKeys } from "./keys.ts";
import type { ProjectValues } from "./settings.ts";

/**
 * Reads `.tta-persona/settings.yaml`: `llm.model: openai/gpt-5` or the same in nested maps. Only keys marked `project`
 * count: whatever decides where something is sent is the user's own to say.
 */
export function readProjectSettings(file: string): ProjectValues {
  const values = new Map<string, string>();
  const problems: Failure[] = [];
  const complain = (place: string, message: string, hint: string, name = "") => {
    // Where it is not known what is to be kept of texts, nothing is: see `isPrivacyKnown`.
    const reason = name === "" || /^(?:capture|masking)/.test(name) ? "broken-config" : "invalid-setting";
    problems.push({ reason, message: `${place}: ${message}.`, hint });
  };
  const at = ({ line, column }: Position) => `${file}:${line}:${column}`;
  const text = readDefinitionText(file);
  if (!text.ok) {
    complain(file, text.error.message, text.error.hint);
    return { file, values, problems };
  }
  const parsed = parseSource(text.value, "yaml");
  if (!parsed.ok) {
    complain(at(parsed.error), parsed.error.message, "Mend the file.");
    return { file, values, problems };
  }
  const source = parsed.value;
  for (const { path, value } of leaves(source.value, [])) {
    const name = path.join(".");
    const key = settingKeys.find((one) => one.key === name);
    const problem = problemOf(key, name, path, value, source);
    if (problem !== undefined) complain(at(source.locateKey(path)), problem.message, problem.hint, name);
    else values.set(name, textOf(source, path, value));
  }
  return { file, values, problems };
}

interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
}

function leaves(value: unknown, path: readonly string[]): readonly Leaf[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return path.length === 0 && value === null ? [] : [{ path, value }];
  }
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

/** `1.10` and `on` stay what was written. */
function textOf(source: Source, path: readonly string[], value: unknown): string {
  return source.written(path) ?? String(value);
}

function problemOf(
  key: SettingKey | undefined,
  name: string,
  path: readonly string[],
  value: unknown,
  source: Source,
): { readonly message: string; readonly hint: string } | undefined {
  const allowed = settingKeys.filter(isProjects).map((one) => one.key);
  const these = `A project may set ${allowed.join(", ")}.`;
  if (key === undefined) {
    const [near] = didYouMean(name, allowed);
    return {
      message: name === "" ? "it holds no settings" : `there is no setting ${JSON.stringify(name)}`,
      hint: near === undefined ? these : `Did you mean ${near}?`,
    };
  }
  if (!isProjects(key)) return { message: `${key.key} is not a project's to set`, hint: these };
  if (typeof value === "object")
    return { message: `${key.key} has no value`, hint: "Write one, or leave it out." };
  const checked = checkSetting(key, textOf(source, path, value));
  return checked.ok
    ? undefined
    : { message: checked.error.message.replace(/\.$/, ""), hint: checked.error.hint ?? "" };
}

const isProjects = (key: SettingKey): boolean => key.project === true;
