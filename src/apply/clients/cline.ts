import type { McpClient } from "./client.ts";

export const cline: McpClient = {
  name: "cline",
  doc: "Cline's MCP servers, ~/.cline/data/settings/cline_mcp_settings.json",
  reload: "restart the server in Cline's list of MCP servers",
  files: [{ base: "user", path: ".cline/data/settings/cline_mcp_settings.json", key: "mcpServers" }],
};
