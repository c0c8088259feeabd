import { lstatSync } from "node:fs";
import { readDefinitionText } from "../core/definition-text.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import { type Finding, finding } from "../core/finding.ts";
import { parseSource, type Source } from "../core/source.ts";
import { checkSetting } from "./check-setting.ts";
import { type SettingKey, settingKeys } from "./keys.ts";

/** Whose file it is: the user's `config.json`, or a project's `settings.yaml`, which may hold fewer settings. */
export type SettingsOwner = "user" | "project";

export interface CheckedSettings {
  /** What is good, as texts, by the settings' keys. */
  readonly values: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
}

/** Reads a file of settings and what is wrong with it. Values are told only where `checkSetting` does. */
export function checkSettingsFile(file: string, owner: SettingsOwner): CheckedSettings {
  const none = (findings: readonly Finding[]): CheckedSettings => ({ values: new Map(), findings });
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return none([]);
  const text = readDefinitionText(file);
  if (!text.ok) {
    const code = text.error.code === "broken" ? "settings-broken" : text.error.code;
    return none([finding(code, { file }, text.error.message, text.error.hint)]);
  }
  const source = parseSource(text.value, owner === "user" ? "json" : "yaml");
  if (!source.ok) {
    const hint = "Correct it there; until then no setting of the file counts.";
    return none([finding("settings-broken", { file, ...source.error }, source.error.message, hint)]);
  }
  const { value } = source.value;
  if (owner === "project" && value === null) return none([]);
  if (!isObject(value)) {
    const [what, hint] =
      owner === "user"
        ? ["JSON object", "Write {} to begin with."]
        : ["settings", "Write for instance: capture: none"];
    return none([finding("settings-broken", { file, line: 1 }, `holds no ${what}`, hint)]);
  }
  const values = new Map<string, string>();
  const findings = leavesOf(value, []).flatMap(([path, leaf]): readonly Finding[] => {
    const name = path.join(".");
    const text = source.value.written(path) ?? String(leaf);
    const found = checkLeaf(
      name,
      Array.isArray(leaf) ? undefined : text,
      owner,
      place(file, source.value, path),
    );
    if (found === undefined) values.set(name, text);
    return found === undefined ? [] : [found];
  });
  return { values, findings };
}

/** At a key where there is one, since it may be the key that is wrong; JSON knows of values alone. */
function place(file: string, source: Source, path: readonly string[]) {
  return { file, ...source.locateKey(path) };
}

function checkLeaf(
  name: string,
  text: string | undefined,
  owner: SettingsOwner,
  at: { readonly file: string },
): Finding | undefined {
  const allowed: readonly SettingKey[] =
    owner === "user" ? settingKeys : settingKeys.filter((one: SettingKey) => one.project === true);
  const names = allowed.map(({ key }) => key);
  const these = owner === "user" ? "See: tta-persona config list" : `A project may set ${names.join(", ")}.`;
  const key = settingKeys.find((one) => one.key === name);
  if (key === undefined) {
    const meant = didYouMean(name, names);
    const hint = meant.length > 0 ? `Did you mean ${meant.join(" or ")}?` : these;
    return finding("settings-unknown-key", at, `${name} is no setting`, hint);
  }
  if (!names.includes(key.key)) {
    return finding("settings-not-a-projects", at, `${name} is not a project's to set`, these);
  }
  if (text === undefined) {
    return finding("settings-invalid-value", at, `${name} cannot be a list`, "It takes one text.");
  }
  const checked = checkSetting(key, text);
  if (checked.ok) return undefined;
  const { message, hint = these } = checked.error;
  return finding("settings-invalid-value", at, message.replace(/\.$/, ""), hint);
}

/** Values that are no objects, by their path. */
function leavesOf(
  value: Readonly<Record<string, unknown>>,
  path: readonly string[],
): readonly (readonly [readonly string[], unknown])[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    if (isObject(inner)) return leavesOf(inner, [...path, key]);
    return inner === null ? [] : [[[...path, key], inner] as const];
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
