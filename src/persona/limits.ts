import type { PersonaOrigin } from "./persona.ts";
import type { Trust } from "./places.ts";

/** The definitions of one persona that hold together, each of which only takes away. */
export interface Holding<D> {
  readonly definitions: readonly D[];
  /** Whether the last of them is the user's, built in, or trusted: what there is behind it does not matter. */
  readonly isSettled: boolean;
  /** A file among them that was trusted with another content. */
  readonly changed: string | undefined;
}

/**
 * Which of all definitions of a persona hold. A project's that nobody has trusted takes the place of none: what it says
 * counts, and so does what would hold without it.
 *
 * @param all the one that takes precedence first.
 */
export function holding<D extends { readonly origin: PersonaOrigin }>(
  all: readonly D[],
  trustOf: (file: string) => Trust,
): Holding<D> {
  let changed: string | undefined;
  for (const [at, { origin }] of all.entries()) {
    const trust = origin.kind === "project" ? trustOf(origin.file) : "trusted";
    if (trust === "trusted") return { definitions: all.slice(0, at + 1), isSettled: true, changed };
    if (trust === "changed" && origin.kind === "project") changed ??= origin.file;
  }
  return { definitions: all, isSettled: false, changed };
}
