import type { McpClient } from "./client.ts";

export const cursor: McpClient = {
  name: "cursor",
  doc: "Cursor's MCP servers, .cursor/mcp.json of the project and of the home",
  reload: "switch the server off and on in Cursor's settings under MCP",
  files: [
    { base: "project", path: ".cursor/mcp.json", key: "mcpServers" },
    { base: "user", path: ".cursor/mcp.json", key: "mcpServers" },
  ],
};
