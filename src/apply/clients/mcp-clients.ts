import { claudeCode } from "./claude-code.ts";
import type { McpClient } from "./client.ts";
import { cline } from "./cline.ts";
import { cursor } from "./cursor.ts";
import { gemini } from "./gemini.ts";
import { generic } from "./generic.ts";
import { vscode } from "./vscode.ts";

/** In the order in which they are shown. */
export const mcpClients: readonly McpClient[] = [generic, claudeCode, cursor, vscode, cline, gemini];
