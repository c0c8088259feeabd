import type { McpClient } from "./client.ts";

export const generic: McpClient = {
  name: "generic",
  doc: "the settings that MCP tools share, ~/.config/mcp/mcp_settings.json",
  reload: "restart the tools that read it",
  files: [{ base: "user", path: ".config/mcp/mcp_settings.json", key: "mcpServers" }],
};
