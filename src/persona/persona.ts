import type { PersonaFile } from "./schema.ts";

/** Where a definition was read. `file` is the absolute path as it was found, links not resolved. */
export type PersonaOrigin =
  | { readonly kind: "built-in" }
  | { readonly kind: "user" | "project"; readonly file: string };

/** What switching, listing and the prompt need of a persona. */
export interface PersonaHead {
  /** The plain name, without `tta-`: what users type and what metrics carry. */
  readonly name: string;
  readonly displayName: string;
  readonly icon: string;
  readonly origin: PersonaOrigin;
}

/** A persona with all its definition says; what a definition leaves out is absent here. */
export interface Persona extends PersonaHead, Omit<PersonaFile, "name" | "displayName" | "icon"> {
  /**
   * Of a definition that nobody has trusted: those that it hides, up to the first that is trusted. Its own limits only
   * take away from these.
   */
  readonly within?: readonly Limits[];
}

/** What of a definition decides what its persona may do, see and use. */
export type Limits = Pick<
  PersonaFile,
  "allowedServers" | "allowedTools" | "restrictedPaths" | "security" | "budget"
>;

/** For a persona whose file names no icon. */
const DEFAULT_ICON = "👤";

/** The head of a definition that is known to be valid, defaults filled in. */
export function headOf(
  definition: Pick<PersonaFile, "displayName" | "icon">,
  name: string,
  origin: PersonaOrigin,
): PersonaHead {
  return {
    name,
    displayName: definition.displayName ?? titleOf(name),
    icon: definition.icon ?? DEFAULT_ICON,
    origin,
  };
}

/** `data-scientist` → `Data Scientist` */
export function titleOf(name: string): string {
  return name
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ");
}
