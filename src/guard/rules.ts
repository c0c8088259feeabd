import fs from "node:fs";
import type { Home } from "../core/home.ts";
import { builtInPersonas } from "../persona/built-in.ts";
import { readPersonaHeads } from "../persona/heads.ts";
import type { Persona, PersonaOrigin } from "../persona/persona.ts";
import type { PersonaFile } from "../persona/schema.ts";
import { isPersonaFile } from "../persona/shape.ts";
import type { GuardRules } from "./decide.ts";

/** The rules of the active persona, or why there are none. */
export type RulesFound =
  | { readonly kind: "found"; readonly rules: GuardRules }
  /** Its definition cannot be used, or is not here. `reason`: one sentence. */
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * By the built-in definitions and the JSON files of project and user. Undefined: only the whole catalogue can tell,
 * because there is YAML, or something is wrong.
 */
export function readRules(persona: string, cwd: string, home: Home): RulesFound | undefined {
  const head = readPersonaHeads({ cwd, userDir: home.personas })?.find(({ name }) => name === persona);
  if (head === undefined) return undefined;
  const { origin } = head;
  if (origin.kind === "built-in") {
    const definition = builtInPersonas().find(({ name }) => name === persona);
    return definition && { kind: "found", rules: rulesOf(definition, origin, home) };
  }
  const definition: unknown = JSON.parse(fs.readFileSync(origin.file, "utf8"));
  // Changed since its head was read.
  if (!isPersonaFile(definition)) return undefined;
  return { kind: "found", rules: { ...rulesOf({ ...definition, name: persona }, origin, home) } };
}

/** @param persona with its plain name */
export function rulesOf(persona: Persona | PersonaFile, origin: PersonaOrigin, home: Home): GuardRules {
  const { name, allowedServers, allowedTools, restrictedPaths, security } = persona;
  return {
    persona: name,
    ...(allowedServers === undefined ? {} : { allowedServers }),
    ...(allowedTools === undefined ? {} : { allowedTools }),
    ...(restrictedPaths === undefined ? {} : { restrictedPaths }),
    ...(security === undefined ? {} : { security }),
    ownFiles: [
      ...(origin.kind === "built-in" ? [] : [origin.file]),
      home.configDir,
      home.data,
      ".claude/settings*.json",
      ".tta-persona/persona",
      ".tta-persona/personas/**",
      ".hypertool/personas/**",
    ],
  };
}
