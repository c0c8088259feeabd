import { plainAgent } from "./plain-agent.ts";

/** Subagents of Gemini CLI, `.gemini/agents/*.md`: a name of lowercase letters, digits, - and _, and a description. */
export const gemini = plainAgent({
  id: "gemini",
  title: "Gemini CLI subagent",
  folder: ".gemini/agents",
  fixed: { kind: "local" },
  statesName: true,
});
