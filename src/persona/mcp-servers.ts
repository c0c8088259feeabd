import fs from "node:fs";
import { parseJsonc } from "../core/jsonc.ts";

/** Where MCP clients of a project keep their servers, and under which key. */
const PROJECT_CONFIGS: readonly (readonly [path: string, key: string])[] = [
  [".mcp.json", "mcpServers"],
  [".cursor/mcp.json", "mcpServers"],
  [".vscode/mcp.json", "servers"],
  [".gemini/settings.json", "mcpServers"],
  [".hypertool/mcp_servers.json", "mcpServers"],
];

const USER_CONFIGS: readonly (readonly [path: string, key: string])[] = [
  [".config/mcp/mcp_settings.json", "mcpServers"],
  [".cursor/mcp.json", "mcpServers"],
  [".cline/data/settings/cline_mcp_settings.json", "mcpServers"],
  [".gemini/settings.json", "mcpServers"],
];

const MAX_BYTES = 4_194_304;

/**
 * The servers that the MCP clients of a project know: by its own configurations, and by the user's. Undefined where
 * the project has no configuration that can be read, since then nothing is promised.
 *
 * @param roots folders of the project that may hold such configurations
 * @param userHome the user's home directory, where it is known
 */
export function configuredServers(
  roots: readonly string[],
  userHome: string | undefined,
): ReadonlySet<string> | undefined {
  const own = roots
    .flatMap((root) => PROJECT_CONFIGS.map(([path, key]) => serversIn(`${root}/${path}`, key)))
    .filter((servers) => servers !== undefined);
  if (own.length === 0) return undefined;
  const user =
    userHome === undefined
      ? []
      : USER_CONFIGS.map(([path, key]) => serversIn(`${userHome}/${path}`, key) ?? []);
  return new Set([...own, ...user].flat());
}

function serversIn(file: string, key: string): readonly string[] | undefined {
  try {
    const stats = fs.statSync(file, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile() || stats.size > MAX_BYTES) return undefined;
    const value = parseJsonc(fs.readFileSync(file, "utf8"));
    const servers = (value as Record<string, unknown> | null | undefined)?.[key];
    return typeof servers === "object" && servers !== null ? Object.keys(servers) : undefined;
  } catch {
    return undefined;
  }
}
