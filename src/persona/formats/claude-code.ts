import { err, ok } from "../../core/result.ts";
import {
  agentFile,
  ignoredOf,
  listOf,
  nameFrom,
  nameFromFile,
  readAgentFile,
  requiredDescription,
} from "./agent-file.ts";
import { account, type Field, type LostField, type PersonaFormat } from "./format.ts";
import { instructionsFor } from "./instructions.ts";
import { type CarriedTool, splitTools, toolsByServer } from "./tool-names.ts";

/**
 * The tools of Claude Code itself (https://code.claude.com/docs/en/tools-reference). A persona says nothing of them; but
 * where a subagent's tools are listed, all others are taken from it, and from a whole session that runs as it. Those
 * that read resources of any MCP server are left out.
 */
const OWN_TOOLS: readonly string[] = [
  ...["Read", "Edit", "Write", "NotebookEdit", "Glob", "Grep", "LSP", "Bash", "WebFetch", "WebSearch"],
  ...["Agent", "Skill", "ToolSearch", "AskUserQuestion", "EnterPlanMode", "ExitPlanMode", "TodoWrite"],
  ...["TaskCreate", "TaskGet", "TaskList", "TaskUpdate", "TaskStop"],
];

/** Subagents of Claude Code, `.claude/agents/*.md`. A name is of lowercase letters and hyphens; a description is required. */
export const claudeCode: PersonaFormat = {
  id: "claude-code",
  title: "Claude Code subagent",
  pathFor: (name) => `.claude/agents/${name}.md`,
  detect: (file) => /\/\.claude\/agents\/.*\.md$/.test(file),

  write(persona) {
    const { name, description, allowedServers, allowedTools } = persona;
    if (!/^[a-z]+(?:-[a-z]+)*$/.test(name)) {
      const message = `a subagent's name is of lowercase letters and hyphens only, not ${name}`;
      return err({ message, hint: "Export it under another name: --name <name>" });
    }
    const { carried, lost } = splitTools(
      persona,
      canName,
      "its tools have no such name (a pattern that is not *, or odd characters)",
    );
    const named = new Set(Object.keys(allowedTools ?? {}));
    const servers = allowedServers?.filter(isServer);
    const unnamed = allowedServers?.filter((server) => !isServer(server)) ?? [];
    const tools = [
      ...OWN_TOOLS,
      ...carried.map(({ server, tool }) => `mcp__${server}__${tool}`),
      ...(servers ?? []).filter((server) => !named.has(server)).map((server) => `mcp__${server}`),
    ];
    const isOpen = allowedServers === undefined && allowedTools === undefined;
    const text = agentFile(
      {
        name,
        description: requiredDescription(persona),
        ...(isOpen ? {} : { tools: tools.join(", ") }),
        ...(servers === undefined ? {} : { mcpServers: servers }),
      },
      instructionsFor(persona),
    );
    const hasDescription = requiredDescription(persona) === description;
    const carries: readonly Field[] = [
      "allowedServers",
      "allowedTools",
      ...(hasDescription ? (["description"] as const) : []),
    ];
    return ok({
      text,
      ...account(persona, carries, [...lost, ...lostServers(unnamed)]),
      added: hasDescription ? [] : ["description"],
    });
  },

  read(file, text) {
    const parsed = readAgentFile(text);
    if (!parsed.ok) return parsed;
    const { name, description, tools, mcpServers } = parsed.value.fields;
    const listed = listOf(tools) ?? [];
    const servers = Array.isArray(mcpServers) ? mcpServers.flatMap(serverName) : undefined;
    const mcpTools = listed.flatMap(toolOf);
    const foreign = listed.filter((tool) => !tool.startsWith("mcp__"));
    const plain = nameFromFile(file, [".md"]);
    const stated = typeof name === "string" ? (nameFrom(name) ?? plain) : plain;
    const allowedTools = toolsByServer(mcpTools);
    const isOwn = foreign.length === 0 || OWN_TOOLS.every((tool) => foreign.includes(tool));
    return ok({
      definition: {
        ...(stated === undefined ? {} : { name: stated }),
        ...(typeof description === "string" ? { description } : {}),
        ...(servers === undefined ? {} : { allowedServers: servers }),
        ...(allowedTools === undefined ? {} : { allowedTools }),
      },
      ignored: [
        ...(isOwn
          ? []
          : [{ field: "tools", why: `a persona limits MCP tools only, not ${foreign.join(", ")}` }]),
        ...ignoredOf(parsed.value, ["name", "description", "tools", "mcpServers"]),
      ],
    });
  },
};

/** `mcp__<server>__<tool>` has to fall apart into the same again. */
function canName({ server, tool }: CarriedTool): boolean {
  return isServer(server) && (tool === "*" || /^[A-Za-z0-9_.-]+$/.test(tool));
}

const isServer = (server: string): boolean => /^[A-Za-z0-9-]+(?:_[A-Za-z0-9-]+)*$/.test(server);

function lostServers(values: readonly string[]): readonly LostField[] {
  if (values.length === 0) return [];
  const why = "the names of its tools would be those of another server";
  return [{ field: "allowedServers", values, why, isTold: false }];
}

function toolOf(name: string): readonly CarriedTool[] {
  const [, server, tool] = /^mcp__(.+?)__(.+)$/.exec(name) ?? [];
  return server === undefined || tool === undefined ? [] : [{ server, tool }];
}

/** A server by its name, or defined on the spot as `{name: …}`. */
function serverName(entry: unknown): readonly string[] {
  if (typeof entry === "string") return [entry];
  return typeof entry === "object" && entry !== null ? Object.keys(entry) : [];
}
