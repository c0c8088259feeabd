import { plainAgent } from "./plain-agent.ts";

/** Agents of opencode, `.opencode/agents/*.md`: the file's name is the agent's, and the description is required. */
export const opencode = plainAgent({
  id: "opencode",
  title: "opencode agent",
  folder: ".opencode/agents",
  fixed: { mode: "all" },
  statesName: false,
});
