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
import { account, type Field, type PersonaFormat } from "./format.ts";
import { instructionsFor } from "./instructions.ts";
import { accountServers, type CarriedTool, splitTools, toolsByServer } from "./tool-names.ts";

/** Aliases of the built-in tools; where tools are listed, all others are taken from the agent. */
const OWN_TOOLS = ["read", "edit", "search", "execute", "agent", "web", "todo"] as const;

/** Longest prompt that GitHub takes, in characters. */
const MAX_PROMPT = 30_000;

/** Fields that the tools do not know, kept under `metadata`, whose values are texts, for the way back. */
const KEPT = [
  "icon",
  "tokenBudget",
  "restrictedPaths",
  "context",
  "security",
  "workflows",
  "budget",
  "capture",
] as const;
const KEY_PREFIX = "tta-persona-";

/**
 * Custom agents of VS Code and GitHub Copilot, `.github/agents/*.agent.md`: the file's name is the agent's, `name` is
 * what is shown (https://docs.github.com/en/copilot/reference/custom-agents-configuration).
 */
export const copilot: PersonaFormat = {
  id: "copilot",
  title: "VS Code and Copilot custom agent",
  pathFor: (name) => `.github/agents/${name}.agent.md`,
  detect: (file) => file.endsWith(".agent.md") || /\/\.github\/agents\/[^/]+\.md$/.test(file),

  write(persona) {
    const { displayName, description, allowedServers, allowedTools } = persona;
    const body = instructionsFor(persona);
    if (body.length > MAX_PROMPT) {
      const message = `its instructions would have ${body.length} characters, and Copilot takes ${MAX_PROMPT}`;
      return err({ message, hint: "Shorten its description or its lists." });
    }
    const { carried, lost } = splitTools(
      persona,
      canName,
      "its tools are named one by one, or as all of a server (server/*)",
    );
    const named = new Set(Object.keys(allowedTools ?? {}));
    const whole = (allowedServers ?? []).filter((server) => !named.has(server) && isServer(server));
    const tools = [
      ...carried.map(({ server, tool }) => `${server}/${tool}`),
      ...whole.map((server) => `${server}/*`),
    ];
    const isOpen = allowedServers === undefined && allowedTools === undefined;
    const metadata = KEPT.flatMap((field) => {
      const value = persona[field];
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return value === undefined ? [] : [[`${KEY_PREFIX}${field}`, text] as const];
    });
    const text = agentFile(
      {
        name: displayName,
        description: requiredDescription(persona),
        ...(isOpen ? {} : { tools: [...OWN_TOOLS, ...tools] }),
        ...(metadata.length === 0 ? {} : { metadata: Object.fromEntries(metadata) }),
      },
      body,
    );
    const hasDescription = requiredDescription(persona) === description;
    const back = isOpen ? undefined : [...new Set(tools.flatMap(toolOf).map(({ server }) => server))];
    const servers = accountServers(allowedServers, back);
    const partly = [...lost, ...servers.lost];
    const carries: readonly Field[] = [
      ...KEPT,
      "displayName",
      "allowedServers",
      "allowedTools",
      ...(hasDescription ? (["description"] as const) : []),
    ];
    return ok({
      text,
      ...account(persona, carries, partly),
      added: [...(hasDescription ? [] : (["description"] as const)), ...servers.added],
    });
  },

  read(file, text) {
    const parsed = readAgentFile(text);
    if (!parsed.ok) return parsed;
    const { name, description, tools, metadata } = parsed.value.fields;
    const listed = listOf(tools) ?? [];
    const mcp = listed.flatMap(toolOf);
    const own: readonly string[] = OWN_TOOLS;
    const foreign = listed.filter((tool) => !tool.includes("/"));
    const isOwn = foreign.length === 0 || own.every((tool) => foreign.includes(tool));
    const kept = keptOf(metadata);
    const allowedTools = toolsByServer(mcp.filter(({ tool }) => tool !== "*"));
    const plain = nameFromFile(file, [".agent.md", ".chatmode.md", ".md"]);
    const stated = plain ?? (typeof name === "string" ? nameFrom(name) : undefined);
    return ok({
      definition: {
        ...(stated === undefined ? {} : { name: stated }),
        ...(typeof name === "string" && name.trim() !== "" ? { displayName: name } : {}),
        ...(typeof description === "string" ? { description } : {}),
        ...(tools === undefined ? {} : { allowedServers: [...new Set(mcp.map(({ server }) => server))] }),
        ...(allowedTools === undefined ? {} : { allowedTools }),
        ...kept.definition,
      },
      ignored: [
        ...(isOwn
          ? []
          : [{ field: "tools", why: `a persona limits MCP tools only, not ${foreign.join(", ")}` }]),
        ...kept.ignored.map((field) => ({ field, why: "a persona has no place for it" })),
        ...ignoredOf(parsed.value, ["name", "description", "tools", "metadata"]),
      ],
    });
  },
};

const isServer = (server: string): boolean => /^[^/,\s]+$/.test(server);

function canName({ server, tool }: CarriedTool): boolean {
  return isServer(server) && /^[^/,\s*?[\]{}]+$/.test(tool);
}

function toolOf(name: string): readonly CarriedTool[] {
  const at = name.indexOf("/");
  return at <= 0 || at === name.length - 1 ? [] : [{ server: name.slice(0, at), tool: name.slice(at + 1) }];
}

function keptOf(metadata: unknown): {
  readonly definition: Readonly<Record<string, unknown>>;
  readonly ignored: readonly string[];
} {
  const entries = typeof metadata === "object" && metadata !== null ? Object.entries(metadata) : [];
  const definition: Record<string, unknown> = {};
  const ignored: string[] = [];
  for (const [key, value] of entries) {
    const field = KEPT.find((one) => key === `${KEY_PREFIX}${one}`);
    const back = field === undefined || typeof value !== "string" ? undefined : keptValue(field, value);
    if (field === undefined || back === undefined) ignored.push(`metadata.${key}`);
    else definition[field] = back;
  }
  return { definition, ignored };
}

function keptValue(field: (typeof KEPT)[number], text: string): unknown {
  if (field === "icon" || field === "capture") return text;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
