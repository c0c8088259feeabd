import { plainAgent } from "./plain-agent.ts";

/** Agents of Cursor, `.cursor/agents/*.md`. */
export const cursor = plainAgent({
  id: "cursor",
  title: "Cursor agent",
  folder: ".cursor/agents",
  fixed: {},
  statesName: true,
});
