import { claudeAgent, copilot } from "./agent-targets.ts";
import { mcpClients } from "./clients/mcp-clients.ts";
import { mcpTarget } from "./mcp-target.ts";
import type { Target } from "./target.ts";

/** Everything that a switch can be applied to, in the order in which it is shown. */
export const targets: readonly Target[] = [...mcpClients.map(mcpTarget), claudeAgent, copilot];

export function targetsNamed(names: readonly string[]): readonly Target[] {
  return targets.filter(({ client }) => names.includes(client));
}
