import { fitsName, type ToolName } from "./tool-name.ts";

/** What a word of `requireApprovalFor` stands for, in the text of a shell command and in the names of MCP tools. */
const ACTIONS: Readonly<Record<string, { readonly command: RegExp; readonly tool: RegExp }>> = {
  system_command: {
    command: /\S/,
    tool: /(?:^|_)(?:exec|execute_command|run_command|shell|terminal)(?:_|$)/,
  },
  file_delete: {
    command: /\b(?:rm|rmdir|unlink|shred|trash|git\s+clean)\b|\s-delete\b/,
    tool: /(?:^|_)(?:delete|remove|unlink)(?:_|$)/,
  },
  database_migration: {
    command: /\b(?:alembic|flyway|liquibase|goose|knex|sequelize|dbmate|migrate|migration|migrations)\b/,
    tool: /(?:^|_)(?:migrate|migration|migrations)(?:_|$)/,
  },
  data_export: {
    command: /\b(?:pg_dump|pg_dumpall|mysqldump|mongodump|mongoexport|sqlite3|copy\s+to|export-data)\b/i,
    tool: /(?:^|_)(?:export|dump)(?:_|$)/,
  },
  dependency_install: {
    command:
      /\b(?:npm|pnpm|yarn|bun)\s+(?:i|install|add|ci)\b|\b(?:pip3?|pipx|uv\s+pip|gem|cargo|go|apt|apt-get|brew|poetry|uv)\s+(?:install|add|get)\b/,
    tool: /(?:^|_)install(?:_|$)/,
  },
};

/**
 * The first entry of `requireApprovalFor` that an action falls under. An entry that is none of the known actions is
 * a glob for the tool's name, alone or as `server/tool`, and a word to look for in commands and names of tools.
 */
export function approvalFor(
  entries: readonly string[],
  name: ToolName,
  fullName: string,
  command: string | undefined,
): string | undefined {
  const qualified = name.server === undefined ? name.tool : `${name.server}/${name.tool}`;
  return entries.find((entry) => {
    if ([name.tool, fullName, qualified].some((one) => fitsName(one, entry))) return true;
    const known = Object.hasOwn(ACTIONS, entry) ? ACTIONS[entry] : undefined;
    if (command !== undefined) return known?.command.test(command) ?? mentions(command, entry);
    if (name.server === undefined) return false;
    const tool = name.tool.replace(/[^A-Za-z0-9]+/g, "_").toLowerCase();
    return known?.tool.test(tool) ?? `_${tool}_`.includes(`_${entry.toLowerCase()}_`);
  });
}

/** Every part of `alert_silence` in one command, in any order. */
function mentions(command: string, entry: string): boolean {
  const words = command.toLowerCase().split(/[^a-z0-9]+/);
  const wanted = entry
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  return wanted.length > 0 && wanted.every((one) => words.includes(one));
}
