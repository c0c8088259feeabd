/**
 * Every command's name: a first argument that is none of them may be a persona. A test compares the list
 * with the commands that the program has.
 */
export const commandNames: readonly string[] = [
  "switch",
  "status",
  "current",
  "prompt",
  "list",
  "show",
  "history",
  "end",
  "run",
  "runs",
  "exec",
  "budget",
  "llm",
  "tokens",
  "init",
  "trust",
  "workflow",
  "score",
  "dataset",
  "langfuse",
  "dashboards",
  "flush",
  "metrics",
  "alerts",
  "config",
  "doctor",
  "completion",
  "help",
];
