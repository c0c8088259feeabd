import type { McpClient } from "./client.ts";

/** The file in the home, ~/.claude.json, is left alone: Claude Code writes it all the time. */
export const claudeCode: McpClient = {
  name: "claude-code",
  doc: "Claude Code's MCP servers of a project, .mcp.json",
  reload: "reconnect the server with /mcp, or start claude again",
  files: [{ base: "project", path: ".mcp.json", key: "mcpServers" }],
};
