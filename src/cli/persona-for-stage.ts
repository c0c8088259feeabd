import { isSecretName } from "../core/secret-names.ts";
import type { Persona } from "../persona/persona.ts";
import type { StagePersona } from "../workflow/engine-context.ts";

/** What a stage, or a command under a persona, takes of its definition. */
export function stagePersona(persona: Persona): StagePersona {
  const { name, security, within = [] } = persona;
  const blocked = [persona, ...within].flatMap((one) => one.security?.blockList ?? []);
  return {
    name,
    allowEnvironmentAccess: security?.allowEnvironmentAccess,
    alsoAllowedBy: within.map((one) => one.security?.allowEnvironmentAccess),
    blockList: blocked.length === 0 ? undefined : blocked,
    instructions: instructions(persona),
  };
}

/**
 * Variables that a definition would open, and that those which it hides keep closed since nobody has trusted it;
 * undefined: none.
 */
export function keptVariables({ origin, security, within = [] }: Persona): string | undefined {
  const lists = within.map((one) => one.security?.allowEnvironmentAccess);
  const kept = (security?.allowEnvironmentAccess ?? []).filter((name) =>
    lists.some((list) => (list === undefined ? isSecretName(name) : !list.includes(name))),
  );
  if (kept.length === 0 || origin.kind !== "project") return undefined;
  return `${kept.join(", ")} only once you have read and trusted it: tta-persona trust ${origin.file}`;
}

/** For an agent: who it is, and what it keeps to. */
function instructions(persona: Persona): string {
  const { displayName, description, context, within = [] } = persona;
  const all = [persona, ...within];
  const list = (title: string, values: readonly string[] | undefined) =>
    values === undefined || values.length === 0 ? [] : [`${title}: ${[...new Set(values)].join(", ")}.`];
  return [
    `You work as: ${displayName}.${description === undefined ? "" : ` ${description.trim()}`}`,
    ...list("Your focus", context?.focusAreas),
    ...list("Frameworks", context?.frameworks),
    ...list("Files worth knowing", context?.keyFiles),
    ...list(
      "Neither read nor change files that match",
      all.flatMap((one) => one.restrictedPaths ?? []),
    ),
    ...list(
      "Do not do these without asking",
      all.flatMap((one) => one.security?.requireApprovalFor ?? []),
    ),
  ].join("\n");
}
