import type { Persona } from "../persona.ts";

/** A persona in words, for the instructions of an agent: what it is, what it looks after, what it must not do. */
export function instructionsFor(persona: Persona): string {
  const { displayName, description, context, restrictedPaths, security } = persona;
  const about = description?.trim();
  const sections = [
    `You are the ${displayName}.${about === undefined || about === "" ? "" : ` ${about}`}`,
    list("You look after:", context?.focusAreas),
    list("You work with:", [
      ...(context?.primaryLanguage === undefined ? [] : [context.primaryLanguage]),
      ...(context?.frameworks ?? []),
    ]),
    list("Begin with these files:", code(context?.keyFiles)),
    list("Neither read nor change files under these paths:", code(restrictedPaths)),
    list("Ask for approval before:", code(security?.requireApprovalFor)),
    list("Use no environment variables but:", code(security?.allowEnvironmentAccess)),
    list("Never use these environment variables:", code(security?.blockList)),
  ];
  return `${sections.filter((section) => section !== undefined).join("\n\n")}\n`;
}

function list(head: string, items: readonly string[] | undefined): string | undefined {
  if (items === undefined || items.length === 0) return undefined;
  return [head, "", ...items.map((item) => `- ${item}`)].join("\n");
}

const code = (items: readonly string[] | undefined) => items?.map((item) => `\`${item}\``);
