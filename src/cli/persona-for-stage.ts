import type { Persona } from "../persona/persona.ts";
import type { StagePersona } from "../workflow/engine-context.ts";

/** What a stage, or a command under a persona, takes of its definition. */
export function stagePersona(persona: Persona): StagePersona {
  return {
    name: persona.name,
    allowEnvironmentAccess: persona.security?.allowEnvironmentAccess,
    blockList: persona.security?.blockList,
    instructions: instructions(persona),
  };
}

/** For an agent: who it is, and what it keeps to. */
function instructions({ displayName, description, context, restrictedPaths, security }: Persona): string {
  const list = (title: string, values: readonly string[] | undefined) =>
    values === undefined || values.length === 0 ? [] : [`${title}: ${values.join(", ")}.`];
  return [
    `You work as: ${displayName}.${description === undefined ? "" : ` ${description.trim()}`}`,
    ...list("Your focus", context?.focusAreas),
    ...list("Frameworks", context?.frameworks),
    ...list("Files worth knowing", context?.keyFiles),
    ...list("Neither read nor change files that match", restrictedPaths),
    ...list("Do not do these without asking", security?.requireApprovalFor),
  ].join("\n");
}
