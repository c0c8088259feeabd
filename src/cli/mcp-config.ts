import fs from "node:fs";
import { basename } from "node:path";
import { parseJsonc, plainValue } from "../apply/jsonc.ts";
import { applySplices, personaEdits } from "../apply/persona-argument.ts";
import { findFile } from "../apply/places.ts";
import { decodeText } from "../apply/text-file.ts";
import { replaceFile } from "../core/atomic-file.ts";
import { systemErrorCode, UserError } from "../core/errors.ts";
import { ensureDirectory, type Home } from "../core/home.ts";
import { currentOwner, isProvablyDead } from "../core/owner.ts";
import { positionAt } from "../core/position.ts";
import { randomHex } from "../core/random.ts";
import { clientPlaces } from "./apply-context.ts";
import type { CliContext } from "./context.ts";

/** Stands in a command's arguments for the file. */
const PLACEHOLDER = "{mcp-config}";

/**
 * Clients that take an MCP configuration by flag, and merge it over their own: of servers with the same name that of the
 * flag counts. In one word, since the flag of Claude Code takes all words that follow.
 */
const FLAGS: Readonly<Record<string, (file: string) => string>> = {
  claude: (file) => `--mcp-config=${file}`,
  copilot: (file) => `--additional-mcp-config=@${file}`,
};

/** Of one command. It has to be removed when the command is over. */
export interface McpConfig {
  readonly file: string;
  /** The command as it was given, and the file where it takes it. */
  readonly words: readonly string[];
  /** Whether the command is told of the file, but by a variable. */
  readonly isTold: boolean;
  remove(): void;
}

/**
 * Writes a client's configuration anew, with a persona for its Hypertool server, for one command alone.
 *
 * @param given the file to begin with; that of the project or the user when left out.
 * @throws UserError where there is none, it cannot be understood, or has no Hypertool server.
 */
export function writeMcpConfig(
  given: string | undefined,
  persona: string,
  words: readonly string[],
  ctx: CliContext,
): McpConfig {
  const source = given ?? findSource(ctx);
  const config = withPersona(source, persona, ctx.settings.apply.servers);
  const directory = mcpDirectory(ctx.home);
  ensureDirectory(directory);
  removeLeftovers(directory);
  const file = `${directory}/${ownName()}-${randomHex(4)}.json`;
  // Servers' variables may be secrets: the file is the user's alone, as all of them are.
  replaceFile(file, `${JSON.stringify(config, undefined, 2)}\n`, false);
  const [program = "", ...rest] = words;
  const flag = Object.hasOwn(FLAGS, basename(program)) ? FLAGS[basename(program)] : undefined;
  const hasPlace = rest.some((word) => word.includes(PLACEHOLDER));
  const placed = hasPlace || flag === undefined ? rest : [flag(file), ...rest];
  return {
    file,
    words: [program, ...placed.map((word) => word.replaceAll(PLACEHOLDER, file))],
    isTold: hasPlace || flag !== undefined,
    remove: () => fs.rmSync(file, { force: true }),
  };
}

/** Claude Code's of the project, looked for no further than a switch does, else the user's generic one. */
function findSource(ctx: CliContext): string {
  const places = clientPlaces(ctx);
  const source =
    findFile({ base: "project", path: ".mcp.json" }, places) ??
    findFile({ base: "user", path: ".config/mcp/mcp_settings.json" }, places);
  if (source !== undefined) return source;
  throw new UserError({
    reason: "no-mcp-config",
    message: "There is neither a .mcp.json here or above, nor a ~/.config/mcp/mcp_settings.json.",
    hint: "Name the client's file: tta-persona exec --mcp-config <file> -- claude",
  });
}

/** What a client's file says, with the persona. Clients that take a file by flag expect `mcpServers`, VS Code writes `servers`. */
function withPersona(file: string, persona: string, serverNames: readonly string[]): object {
  const text = readText(file);
  for (const key of ["mcpServers", "servers"]) {
    const edits = personaEdits(text, key, serverNames, persona);
    if (!edits.ok) {
      const { line, column } = positionAt(text, edits.error.offset);
      throw broken(`${file}:${line}:${column}: ${edits.error.message}.`);
    }
    if (edits.value.servers.length === 0) continue;
    // Without its comments: by flag, not every client takes them.
    const root = parseJsonc(applySplices(text, edits.value.splices));
    if (!root.ok) throw new Error("an edit has broken what it edited");
    const { [key]: servers, ...rest } = plainValue(root.value) as Readonly<Record<string, unknown>>;
    return { ...rest, mcpServers: servers };
  }
  throw broken(`${file} has no Hypertool server.`);
}

function readText(file: string): string {
  try {
    const text = decodeText(fs.readFileSync(file));
    if (text !== undefined) return text.body;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw broken(`${file} cannot be read (${code}).`);
  }
  throw broken(`${file} is no text in UTF-8.`);
}

function mcpDirectory(home: Home): string {
  return `${home.state}/mcp`;
}

/** `<boot>-<pid namespace>-<pid>-<start>`: enough to tell, after a kill, that nobody needs the file any more. */
function ownName(): string {
  const { boot, pid, start } = currentOwner();
  const [id = "", namespace = ""] = boot.split("/");
  return [id.slice(0, 8), namespace, pid, start].join("-");
}

function removeLeftovers(directory: string): void {
  const own = currentOwner();
  const [bootId = "", namespace = ""] = own.boot.split("/");
  for (const name of fs.readdirSync(directory)) {
    const [id = "", pids, pid, start = ""] = name.split("-");
    const isOfThisBoot = id === bootId.slice(0, 8);
    // In another container its process cannot be seen.
    if (isOfThisBoot && (pids !== namespace || !isProvablyDead({ ...own, pid: Number(pid), start })))
      continue;
    fs.rmSync(`${directory}/${name}`, { force: true });
  }
}

function broken(message: string): UserError {
  return new UserError({
    reason: "broken-mcp-config",
    message,
    hint: "It takes a client's MCP configuration with a Hypertool server among its mcpServers.",
  });
}
