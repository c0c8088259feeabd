import { type SettingKey, settingKeys } from "./keys.ts";

const COLUMNS = 118;

/** What `init` writes as a project's settings: none, and in comments each that a project may have. */
export function sampleSettings(): string {
  const keys: readonly SettingKey[] = settingKeys;
  return `${[
    "# Settings of this project, for everybody who works in it. They go before a user's own, but only once that user has",
    "# read this file and said: tta-persona trust .tta-persona/settings.yaml",
    "# After every change it has to be said again; in CI, TTA_PERSONA_TRUST=1 says it. What is not here is no project's",
    "# to set: where anything is sent, and with which keys, is the user's own (tta-persona config).",
    ...keys.filter(({ project }) => project === true).map(sampleOf),
  ].join("\n")}\n`;
}

function sampleOf({ key, doc, kind, default: value, example = value ?? "" }: SettingKey): string {
  const choice = kind.is === "choice" ? ` One of ${kind.values.join(", ")}.` : "";
  return `#\n${commented(doc + choice)}\n# ${key}: ${example}`;
}

/** A text in lines of comment. */
function commented(text: string): string {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}
