import { readDefinitionText } from "../core/definition-text.ts";
import type { DefinitionProblem } from "../core/definitions.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import { type Finding, type FindingCode, finding } from "../core/finding.ts";
import type { ValuePath } from "../core/json-scan.ts";
import { fieldName } from "../core/schema-problem.ts";
import { parseSource, type Source } from "../core/source.ts";
import { checkServer } from "./check-chatmodes.ts";
import type { Persona } from "./persona.ts";
import { formatOf } from "./places.ts";
import { personaKeys } from "./schema.ts";

/** What keeps a definition from being used, as a finding. */
export function personaProblem(problem: DefinitionProblem): Finding {
  return finding(codeOf(problem), problem, problem.message, problem.hint);
}

function codeOf({ code }: DefinitionProblem): FindingCode {
  if (code === undefined) return "persona-invalid";
  if (code === "dangling-link" || code === "unreadable") return code;
  return `persona-${code}`;
}

/**
 * What is odd about a definition that can be used.
 *
 * @param servers those that MCP clients are configured with; undefined: there is nothing to compare with
 * @param workflows names of all workflows
 */
export function checkPersona(
  persona: Persona,
  servers: ReadonlySet<string> | undefined,
  workflows: readonly string[],
): readonly Finding[] {
  if (persona.origin.kind === "built-in") return [];
  const { file } = persona.origin;
  const source = sourceOf(file);
  if (source === undefined) return [];
  const at = (path: ValuePath) => ({ file, ...source.locate(path) });
  const named = [...new Set([...(persona.allowedServers ?? []), ...Object.keys(persona.allowedTools ?? {})])];
  return [
    ...unknownKeys(file, source),
    ...named.flatMap((server) => {
      const index = persona.allowedServers?.indexOf(server) ?? -1;
      return checkServer(
        at(index < 0 ? ["allowedTools", server] : ["allowedServers", index]),
        server,
        servers,
      );
    }),
    ...unknownWorkflows(persona, workflows, at),
  ];
}

function unknownWorkflows(
  { workflows }: Persona,
  known: readonly string[],
  at: (path: ValuePath) => { readonly file: string },
): readonly Finding[] {
  const named: readonly (readonly [ValuePath, string])[] = [
    ...(workflows?.default === undefined ? [] : [[["workflows", "default"], workflows.default] as const]),
    ...(workflows?.available ?? []).map((name, index) => [["workflows", "available", index], name] as const),
  ];
  return named.flatMap(([path, name]) => {
    if (known.includes(name)) return [];
    const meant = didYouMean(name, known);
    const hint = meant.length > 0 ? `Did you mean ${meant.join(" or ")}?` : "See: tta-persona workflow list";
    return [finding("persona-unknown-workflow", at(path), `there is no workflow ${name}`, hint)];
  });
}

function unknownKeys(file: string, source: Source): readonly Finding[] {
  return ["", "context", "security", "workflows", "budget"].flatMap((group) => {
    const known = personaKeys(group);
    const value = group === "" ? source.value : (source.value as Record<string, unknown>)[group];
    if (typeof value !== "object" || value === null) return [];
    return Object.keys(value).flatMap((key) => {
      // What editors look up the schema by.
      if (known.includes(key) || (group === "" && key === "$schema")) return [];
      const path = group === "" ? [key] : [group, key];
      const meant = didYouMean(key, known);
      const hint = meant.length > 0 ? `Did you mean ${meant.join(" or ")}?` : `Known: ${known.join(", ")}.`;
      const place = { file, ...source.locateKey(path) };
      return [finding("persona-unknown-key", place, `${fieldName(path)} is no key of a persona`, hint)];
    });
  });
}

function sourceOf(file: string): Source | undefined {
  const format = formatOf(file.slice(file.lastIndexOf("/") + 1));
  const text = readDefinitionText(file);
  if (!text.ok || format === undefined) return undefined;
  const source = parseSource(text.value, format);
  return source.ok ? source.value : undefined;
}
