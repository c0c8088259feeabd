import type { Position } from "./position.ts";

/** What a validation can find. Scripts may depend on the codes; `docs/validation.md` is made from this. */
export const FINDINGS = {
  "persona-broken": ["error", "a persona's file cannot be read: it is no text, no JSON or no YAML"],
  "persona-invalid": ["error", "a value in it is missing or wrong"],
  "persona-name-clash": ["error", "two files of one folder define the same persona; neither counts"],
  "persona-unknown-key": ["warning", "a key that means nothing, which may be misspelt"],
  "persona-unknown-workflow": ["warning", "it names a workflow that there is not"],
  "chatmode-broken": ["error", "a chatmode's file or frontmatter cannot be read"],
  "chatmode-invalid": ["error", "a value in its frontmatter is wrong"],
  "chatmode-unknown-persona": ["error", "it names a persona that there is not"],
  "chatmode-budget-drift": ["warning", "its token budget is not that of its persona"],
  "chatmode-name-clash": ["warning", "another file of that name goes before it"],
  "chatmode-invalid-name": [
    "warning",
    "its file's name is not in kebab-case, so that it cannot be switched to",
  ],
  "chatmode-no-frontmatter": ["warning", "it declares nothing, so that it names no persona"],
  "chatmode-no-persona": ["warning", "its frontmatter names no persona"],
  "chatmode-unknown-key": ["warning", "a key that looks like a misspelt one"],
  "chatmodes-incomplete": ["warning", "the tree is larger than what is searched for chatmodes"],
  "dangling-link": ["error", "a link to a file or folder that does not exist"],
  unreadable: ["error", "a folder that cannot be read, or what is neither file nor folder"],
  "unknown-server": ["warning", "no MCP client's configuration defines this server"],
  "workflow-invalid": ["error", "a workflow cannot be run as it stands"],
  "settings-broken": ["error", "the settings' file cannot be read"],
  "settings-invalid-value": ["error", "a value that a setting does not take"],
  "settings-not-a-projects": [
    "error",
    "a project's file says what is the user's alone to say; it does not count",
  ],
  "settings-unknown-key": ["warning", "a key that is no setting, which may be misspelt"],
  "unknown-kind": ["error", "a file that is neither persona, chatmode, workflow nor settings"],
} as const satisfies Readonly<Record<string, readonly ["error" | "warning", string]>>;

export type FindingCode = keyof typeof FINDINGS;

export interface Finding extends Partial<Position> {
  readonly code: FindingCode;
  readonly severity: "error" | "warning";
  /** Absolute path. */
  readonly file: string;
  readonly message: string;
  readonly hint: string;
}

/** @param at the file, and the place in it where there is one */
export function finding(
  code: FindingCode,
  at: { readonly file: string } & Partial<Position>,
  message: string,
  hint: string,
): Finding {
  const { file, line, column } = at;
  const place = line === undefined ? {} : { line, column: column ?? 1 };
  return { code, severity: FINDINGS[code][0], file, ...place, message, hint };
}
