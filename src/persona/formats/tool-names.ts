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
  // Order tells nothing about servers, but tools of one stand together.
  return {
    carried,
    lost: values.length === 0 ? [] : [{ field: "allowedTools", values, why, isTold: false }],
  };
}

/** Back into a definition's form; undefined where there are none. */
export function toolsByServer(tools: readonly CarriedTool[]): Readonly<Record<string, string[]>> | undefined {
  const byServer = new Map<string, string[]>();
  for (const { server, tool } of tools) byServer.set(server, [...(byServer.get(server) ?? []), tool]);
  return byServer.size === 0 ? undefined : Object.fromEntries(byServer);
}

/** Whether two lists hold the same texts in the same order. */
export function isSameList(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a !== undefined && a.length === b.length && a.every((one, index) => one === b[index]);
}
