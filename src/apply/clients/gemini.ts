import type { McpClient } from "./client.ts";

export const gemini: McpClient = {
  name: "gemini",
  doc: "Gemini CLI's MCP servers, ~/.gemini/settings.json",
  reload: "start gemini again",
  files: [{ base: "user", path: ".gemini/settings.json", key: "mcpServers" }],
};
