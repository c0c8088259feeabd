import type { McpClient } from "./client.ts";

export const vscode: McpClient = {
  name: "vscode",
  doc: "VS Code's MCP servers of a project, .vscode/mcp.json",
  reload: "run the command “MCP: List Servers” and restart the server",
  files: [{ base: "project", path: ".vscode/mcp.json", key: "servers" }],
};
