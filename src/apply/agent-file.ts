import type { AgentDefinition } from "./target.ts";

/** Stands in the head of what we write, so that a file of the user's own is told apart and left alone. */
const MARK = "# Written by tta-persona; a file without this line is left alone.";

export type AgentFormat = "claude-code" | "copilot";

/** A persona as the file of an agent: a head in YAML, then its prompt. */
export function agentFile(definition: AgentDefinition, format: AgentFormat): string {
  const { name, displayName, description = `Works as the ${displayName}.` } = definition;
  const head = [
    MARK,
    `name: ${name}`,
    // A text in JSON is one in YAML.
    `description: ${JSON.stringify(description)}`,
    ...(format === "copilot" ? ["target: vscode"] : []),
  ];
  const { primaryLanguage, frameworks = [], focusAreas = [], keyFiles = [] } = definition.context ?? {};
  const sections = [
    `You are the ${displayName}. ${description}`,
    ...(primaryLanguage === undefined ? [] : [`Your primary language is ${primaryLanguage}.`]),
    ...listed("You work with", frameworks),
    ...listed("You focus on", focusAreas),
    ...listed("Files that matter most", keyFiles),
    ...listed("Do not read or write", definition.restrictedPaths ?? []),
  ];
  return `---\n${head.join("\n")}\n---\n\n${sections.join("\n\n")}\n`;
}

function listed(title: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : [`${title}:\n\n${items.map((item) => `- ${item}`).join("\n")}`];
}

export function isOurs(text: string): boolean {
  return text.split("\n", 2)[1]?.trimEnd() === MARK;
}
