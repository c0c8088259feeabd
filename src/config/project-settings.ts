import type { Finding } from "../core/finding.ts";
import { checkSettingsFile } from "./check-config.ts";
import type { ProjectValues } from "./settings.ts";

/**
 * Reads `.tta-persona/settings.yaml`: `llm.model: openai/gpt-5` or the same in nested maps. Only keys marked `project`
 * count: whatever decides where something is sent is the user's own to say.
 */
export function readProjectSettings(file: string): ProjectValues {
  const { values, findings } = checkSettingsFile(file, "project");
  const problems = findings.map((found) => ({
    reason: isAboutPrivacy(found) ? "broken-config" : "invalid-setting",
    message: `${placeOf(found)}: ${found.message}.`,
    hint: found.hint,
  }));
  return { file, values, problems };
}

/** Where it is not known what is to be kept of texts, nothing is: see `isPrivacyKnown`. */
function isAboutPrivacy({ code, message }: Finding): boolean {
  return !code.startsWith("settings-") || code === "settings-broken" || /^(?:capture|masking)/.test(message);
}

function placeOf({ file, line, column }: Finding): string {
  return line === undefined ? file : `${file}:${line}:${column ?? 1}`;
}
