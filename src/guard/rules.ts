import type { Home } from "../core/home.ts";
import { readAllDefinitions } from "../persona/heads.ts";
import { type Holding, holding } from "../persona/limits.ts";
import type { Limits, PersonaOrigin } from "../persona/persona.ts";
import type { PersonaPlaces } from "../persona/places.ts";
import type { GuardRules } from "./decide.ts";

/** The rules of the active persona, or why there are none. */
export type RulesFound =
  /**
   * Of each definition that holds, the one that takes precedence first; there is at least one. `doubt`: one sentence,
   * why there may be more.
   */
  | {
      readonly kind: "found";
      readonly rules: readonly [GuardRules, ...GuardRules[]];
      readonly doubt?: string;
    }
  /** Its definition cannot be used. `reason`: one sentence. */
  | { readonly kind: "unknown"; readonly reason: string }
  /** There is none here. */
  | { readonly kind: "undefined"; readonly reason: string };

/**
 * By the built-in definitions and the JSON files of projects and user. Undefined: only the full program can tell,
 * because there is YAML, or something is wrong.
 */
export function readRules(
  persona: string,
  places: Required<Pick<PersonaPlaces, "cwd" | "userDir" | "trustOf">>,
  home: Home,
): RulesFound | undefined {
  const found = readAllDefinitions(places)?.get(persona);
  if (found === undefined) return undefined;
  const held = holding(found, places.trustOf);
  return rulesFound(persona, held, ({ definition, origin }) => rulesOf(definition, persona, origin, home));
}

/** The rules of the definitions that hold. */
export function rulesFound<D>(
  persona: string,
  { definitions, changed }: Holding<D>,
  rulesOfOne: (definition: D) => GuardRules,
): RulesFound {
  const [first, ...rest] = definitions.map(rulesOfOne);
  const doubt = changed === undefined ? {} : { doubt: untrustedNow(changed) };
  if (first !== undefined) return { kind: "found", rules: [first, ...rest], ...doubt };
  return {
    kind: "undefined",
    reason: `The active persona, ${persona}, is not defined here, so its rules are not known.`,
  };
}

/** Of a file that was trusted with another content. */
export function untrustedNow(file: string): string {
  return `${file} is not what was trusted any more. Whoever has read it: tta-persona trust ${file}`;
}

/** @param persona its plain name */
export function rulesOf(
  { allowedServers, allowedTools, restrictedPaths, security }: Limits,
  persona: string,
  origin: PersonaOrigin,
  home: Home,
): GuardRules {
  return {
    persona,
    ...(allowedServers === undefined ? {} : { allowedServers }),
    ...(allowedTools === undefined ? {} : { allowedTools }),
    ...(restrictedPaths === undefined ? {} : { restrictedPaths }),
    ...(security === undefined ? {} : { security }),
    ownFiles: [
      ...(origin.kind === "built-in" ? [] : [origin.file]),
      home.configDir,
      home.data,
      "**/.claude/settings*.json",
      "**/.tta-persona/persona",
      "**/.tta-persona/personas/**",
      "**/.hypertool/personas/**",
    ],
    ownFolders: ["**/.claude", "**/.tta-persona", "**/.hypertool"],
  };
}
