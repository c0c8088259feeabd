/** The program's commands, as help shows them: under what a user is about to do, what is used most first. */
export const commandGroups: readonly { readonly heading: string; readonly names: readonly string[] }[] = [
  {
    heading: "Personas",
    names: [
      "switch",
      "pick",
      "status",
      "current",
      "list",
      "show",
      "history",
      "undo",
      "end",
      "prompt",
      "persona",
      "chatmode",
    ],
  },
  { heading: "Workflows", names: ["run", "runs", "workflow", "exec"] },
  { heading: "Models and budgets", names: ["llm", "tokens", "budget", "dataset", "score", "langfuse"] },
  { heading: "Agent tools", names: ["apply", "guard"] },
  { heading: "Monitoring", names: ["flush", "metrics", "dashboards", "alerts"] },
  {
    heading: "Projects and settings",
    names: ["init", "validate", "trust", "config", "doctor", "shell-init", "completion", "migrate"],
  },
];

const headings = new Map(commandGroups.flatMap(({ heading, names }) => names.map((name) => [name, heading])));

/** Undefined for what help does not show. */
export function headingOf(name: string): string | undefined {
  return headings.get(name);
}
