import type { Persona } from "../persona.ts";
import type { LostField } from "./format.ts";

export interface CarriedTool {
  readonly server: string;
  readonly tool: string;
}

/** Those of a persona's tools that a format can name, and what becomes of the others. */
export interface SplitTools {
  readonly carried: readonly CarriedTool[];
  readonly lost: readonly LostField[];
}

/**
 * @param canName whether the format has a name for a tool that reads back as the same
 * @param why it has none for the others, on one line
 */
export function splitTools(
  { allowedTools }: Persona,
  canName: (tool: CarriedTool) => boolean,
  why: string,
): SplitTools {
  const carried: CarriedTool[] = [];
  const values: string[] = [];
  for (const [server, tools] of Object.entries(allowedTools ?? {})) {
    // A server of which nothing is allowed.
    if (tools.length === 0) values.push(server);
    for (const [index, tool] of tools.entries()) {
      const isRepeated = tools.indexOf(tool) < index;
      if (!isRepeated && canName({ server, tool })) carried.push({ server, tool });
      else values.push(`${server}/${tool}`);
    }
  }
  if (values.length > 0) {
    return { carried, lost: [{ field: "allowedTools", values, why, isTold: false }] };
  }
  const isEmpty = allowedTools !== undefined && carried.length === 0;
  const nothing = "that no tool at all is allowed cannot be said";
  return { carried, lost: isEmpty ? [{ field: "allowedTools", why: nothing, isTold: false }] : [] };
}

/** Back into a definition's form; undefined where there are none. */
export function toolsByServer(tools: readonly CarriedTool[]): Readonly<Record<string, string[]>> | undefined {
  const byServer = new Map<string, string[]>();
  for (const { server, tool } of tools) byServer.set(server, [...(byServer.get(server) ?? []), tool]);
  return byServer.size === 0 ? undefined : Object.fromEntries(byServer);
}

/**
 * What becomes of a persona's servers where they are read back from the names of tools.
 *
 * @param back those that are read back; undefined: none are
 */
export function accountServers(
  servers: readonly string[] | undefined,
  back: readonly string[] | undefined,
): { readonly lost: readonly LostField[]; readonly added: readonly "allowedServers"[] } {
  if (servers === undefined) return { lost: [], added: back === undefined ? [] : ["allowedServers"] };
  if (back !== undefined && isSameList(servers, back)) return { lost: [], added: [] };
  const why = "it is read back from the names of the tools";
  return { lost: [{ field: "allowedServers", why, isTold: false }], added: [] };
}

/** Whether two lists hold the same texts in the same order. */
function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}
