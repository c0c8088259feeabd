import { err, ok } from "../../core/result.ts";
import { parseSource } from "../../core/source.ts";
import { yamlText } from "../../core/yaml-text.ts";
import { nameFrom, requiredDescription } from "./agent-file.ts";
import { account, type Field, type LostField, type PersonaFormat } from "./format.ts";
import { accountServers, type CarriedTool, splitTools, toolsByServer } from "./tool-names.ts";

/** Bounds of a description. */
const [SHORTEST, LONGEST] = [10, 500];

const NAME = /^[a-z][a-z0-9-]{0,61}[a-z0-9]$/;
const SERVER = /^[a-zA-Z][a-zA-Z0-9_-]*$/;
const TOOL = /^[a-zA-Z][a-zA-Z0-9_-]*(?:\.[a-zA-Z][a-zA-Z0-9_-]*)*$/;

/**
 * Hypertool's `<dir>/persona.yaml`, whose schema takes no other keys than its own
 * (https://github.com/toolprint/hypertool-mcp, `src/persona/schemas.ts`): the folder has to carry the persona's name,
 * and a tool is `server.tool`, without globs.
 */
export const hypertool: PersonaFormat = {
  id: "hypertool",
  title: "Hypertool persona",
  pathFor: (name) => `${name}/persona.yaml`,
  detect: (file) => /\/persona\.ya?ml$/.test(file),

  write(persona) {
    const { name, description, allowedServers } = persona;
    if (!NAME.test(name)) {
      const message = `a Hypertool persona's name has 2 to 63 letters, and ${name} has not`;
      return err({ message, hint: "Export it under another name: --name <name>" });
    }
    const { carried, lost } = splitTools(
      persona,
      canName,
      "its tools are named one by one, without patterns",
    );
    const toolIds = carried.map(({ server, tool }) => `${server}.${tool}`);
    const fitted = withinBounds(requiredDescription(persona), persona.displayName);
    const text = yamlText({
      name,
      description: fitted,
      version: "1.0",
      ...(toolIds.length === 0 ? {} : { toolsets: [{ name, toolIds }], defaultToolset: name }),
    });
    const back = carried.length === 0 ? undefined : [...new Set(carried.map(({ server }) => server))];
    const servers = accountServers(allowedServers, back);
    const partly = [...lost, ...servers.lost, ...lostDescription(description, fitted)];
    const carries: readonly Field[] = ["allowedServers", "allowedTools", "description"];
    const report = account(persona, carries, partly);
    return ok({
      text,
      ...report,
      // There are no instructions that could tell it.
      lost: report.lost.map((one) => ({ ...one, isTold: false })),
      added: [...(description === undefined ? (["description"] as const) : []), ...servers.added],
    });
  },

  read(_, text) {
    const source = parseSource(text, "yaml");
    if (!source.ok) return err({ ...source.error, hint: "Correct the YAML there." });
    const { value } = source.value;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return err({
        line: 1,
        column: 1,
        message: "no mapping",
        hint: "Write name, description and toolsets.",
      });
    }
    const { name, description, toolsets, defaultToolset, ...others } = value as Record<string, unknown>;
    const sets = Array.isArray(toolsets) ? toolsets : [];
    const chosen = sets.find((set) => set?.name === defaultToolset) ?? sets[0];
    const ids: readonly unknown[] = Array.isArray(chosen?.toolIds) ? chosen.toolIds : [];
    const tools = ids.flatMap(toolOf);
    const stated = typeof name === "string" ? nameFrom(name) : undefined;
    const allowedTools = toolsByServer(tools);
    return ok({
      definition: {
        ...(stated === undefined ? {} : { name: stated }),
        ...(typeof description === "string" ? { description } : {}),
        ...(allowedTools === undefined ? {} : { allowedServers: Object.keys(allowedTools), allowedTools }),
      },
      ignored: [
        ...sets
          .filter((set) => set !== chosen)
          .map((set) => ({
            field: `toolsets.${String(set?.name)}`,
            why: "a persona has one set of tools, and the default one was taken",
          })),
        ...Object.keys(others)
          .filter((field) => field !== "version")
          .map((field) => ({ field, why: "a persona has no place for it" })),
      ],
    });
  },
};

/** Within Hypertool's bounds: what is too short is said after the name, what is too long is cut off. */
function withinBounds(description: string, displayName: string): string {
  if (description.length < SHORTEST) {
    const longer =
      description === displayName ? `The persona ${displayName}` : `${displayName}: ${description}`;
    return longer.length < SHORTEST ? `The persona ${longer}` : longer.slice(0, LONGEST);
  }
  return description.length <= LONGEST ? description : `${description.slice(0, LONGEST - 1)}…`;
}

function lostDescription(description: string | undefined, fitted: string): readonly LostField[] {
  if (description === undefined || description === fitted) return [];
  const why = `it has to have ${SHORTEST} to ${LONGEST} characters, and was fitted`;
  return [{ field: "description", why, isTold: false }];
}

const canName = ({ server, tool }: CarriedTool): boolean => SERVER.test(server) && TOOL.test(tool);

function toolOf(id: unknown): readonly CarriedTool[] {
  if (typeof id !== "string") return [];
  const at = id.indexOf(".");
  return at <= 0 || at === id.length - 1 ? [] : [{ server: id.slice(0, at), tool: id.slice(at + 1) }];
}
