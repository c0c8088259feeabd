import { globTokens, nameTokens, overlaps } from "./glob-segment.ts";

export interface ToolName {
  readonly tool: string;
  /** Undefined for the agent's own tools. */
  readonly server: string | undefined;
}

/**
 * Claude Code names the tools of MCP servers `mcp__<server>__<tool>`, and those of a plugin's servers
 * `mcp__plugin_<plugin>_<server>__<tool>`. A server's name may hold two underscores as well: one that is known goes
 * before a shorter one.
 */
export function splitToolName(name: string, server: string | undefined, known: readonly string[]): ToolName {
  if (server !== undefined) return { server, tool: name };
  if (!name.startsWith("mcp__")) return { server: undefined, tool: name };
  const rest = name.slice("mcp__".length);
  const longest = known.filter((one) => rest.startsWith(`${asClaudeWritesIt(one)}__`)).sort(byLength)[0];
  const length = longest === undefined ? rest.indexOf("__") : longest.length;
  if (length === -1) return { server: rest, tool: "" };
  return { server: longest ?? rest.slice(0, length), tool: rest.slice(length + 2) };
}

const byLength = (a: string, b: string) => b.length - a.length;

/** Everything but letters, digits, `_` and `-` becomes `_` in a tool's name. */
function asClaudeWritesIt(server: string): string {
  return server.replace(/[^A-Za-z0-9_-]/g, "_");
}

export function fitsName(name: string, glob: string): boolean {
  return overlaps(nameTokens(name), globTokens(glob));
}

export interface ToolRules {
  readonly allowedServers?: readonly string[];
  readonly allowedTools?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Which rule shuts a tool out; undefined: none. Servers that `allowedServers` or `allowedTools` name may be used; of
 * one that `allowedTools` names, only the tools listed there. An agent's own tools belong to no server.
 */
export function shutOutBy(
  { tool, server }: ToolName,
  { allowedServers, allowedTools }: ToolRules,
): "allowedServers" | "allowedTools" | undefined {
  if (server === undefined || (allowedServers === undefined && allowedTools === undefined)) return undefined;
  const tools = allowedTools && Object.hasOwn(allowedTools, server) ? allowedTools[server] : undefined;
  // What a server offers to be read is no tool of it.
  if (tools !== undefined && /McpResource/.test(tool)) return undefined;
  if (tools !== undefined) return tools.some((glob) => fitsName(tool, glob)) ? undefined : "allowedTools";
  return allowedServers?.includes(server) === true ? undefined : "allowedServers";
}
