import fs from "node:fs";
import { readDefinitionText } from "../core/definition-text.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import { type Finding, finding } from "../core/finding.ts";
import { parseSource } from "../core/source.ts";
import { checkSetting, settingKeys } from "./keys.ts";

/** What is wrong with the user's settings, if there are any. Values are told only where `checkSetting` does. */
export function checkConfigFile(file: string): readonly Finding[] {
  if (fs.lstatSync(file, { throwIfNoEntry: false }) === undefined) return [];
  const text = readDefinitionText(file);
  if (!text.ok) {
    const code = text.error.code === "broken" ? "settings-broken" : text.error.code;
    return [finding(code, { file }, text.error.message, text.error.hint)];
  }
  const source = parseSource(text.value, "json");
  if (!source.ok) {
    const hint = "Correct the JSON there; until then no setting of it counts.";
    return [finding("settings-broken", { file, ...source.error }, source.error.message, hint)];
  }
  const { value, locate } = source.value;
  if (!isObject(value)) {
    return [finding("settings-broken", { file, line: 1 }, "holds no JSON object", "Write {} to begin with.")];
  }
  return leavesOf(value, []).flatMap(([path, leaf]): readonly Finding[] => {
    const name = path.join(".");
    const at = { file, ...locate(path) };
    const key = settingKeys.find((one) => one.key === name);
    if (key === undefined) {
      const meant = didYouMean(
        name,
        settingKeys.map((one) => one.key),
      );
      const hint = meant.length > 0 ? `Did you mean ${meant.join(" or ")}?` : "See: tta-persona config list";
      return [finding("settings-unknown-key", at, `${name} is no setting`, hint)];
    }
    const checked = checkSetting(key, String(leaf));
    if (checked.ok) return [];
    const { message, hint = "See: tta-persona config list" } = checked.error;
    return [finding("settings-invalid-value", at, message.replace(/\.$/, ""), hint)];
  });
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
