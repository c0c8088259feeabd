import backendEngineer from "../../personas/backend-engineer.json" with { type: "json" };
import dataScientist from "../../personas/data-scientist.json" with { type: "json" };
import devopsEngineer from "../../personas/devops-engineer.json" with { type: "json" };
import frontendEngineer from "../../personas/frontend-engineer.json" with { type: "json" };
import observabilityExpert from "../../personas/observability-expert.json" with { type: "json" };
import testingSpecialist from "../../personas/testing-specialist.json" with { type: "json" };
import { plainName } from "./names.ts";
import { headOf, type Persona, type PersonaHead, type PersonaOrigin } from "./persona.ts";
import type { PersonaFile } from "./schema.ts";

/** By name. The hot path cannot afford the schema library: a test validates these against it. */
const files = [
  backendEngineer,
  dataScientist,
  devopsEngineer,
  frontendEngineer,
  observabilityExpert,
  testingSpecialist,
] as readonly PersonaFile[];

const origin: PersonaOrigin = { kind: "built-in" };

export const builtInHeads: readonly PersonaHead[] = files.map((file) =>
  headOf(file, plainName(file.name), origin),
);

export function builtInPersonas(): readonly Persona[] {
  return files.map((file) => ({ ...file, ...headOf(file, plainName(file.name), origin) }));
}
