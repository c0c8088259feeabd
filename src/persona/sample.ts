/** What `init` writes: a persona that is good as it stands, and shows what else there is. */
export function samplePersona(name: string): string {
  return `# A persona of this project. Switch to it: tta-persona ${name}
# What its definition comes to: tta-persona show ${name}
name: ${name}
displayName: Project Engineer
description: Works on this project, within its conventions.
icon: 🛠️

# What it is about, for whoever reads it, people and agents.
context:
  focusAreas: [features, tests, documentation]
  # primaryLanguage: TypeScript
  # keyFiles: ["src/**", README.md]

# MCP servers that it may use, and of each the tools, by name or pattern:
# allowedServers: [filesystem, github]
# allowedTools:
#   github: [get_issue, "list_*"]

# How many tokens its calls of models may use:
# budget: { tokens: 500000, window: day }

# What is kept of the texts of its calls of models: full, masked, metadata or none.
# capture: metadata
`;
}
