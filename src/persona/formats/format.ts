import type { Position } from "../../core/position.ts";
import type { Result } from "../../core/result.ts";
import { headOf, type Persona } from "../persona.ts";
import type { PersonaFile } from "../schema.ts";

/** How another tool keeps what we call a persona. Each is one file, and pure: files are the caller's business. */
export interface PersonaFormat {
  /** What `--format` takes. */
  readonly id: string;
  /** The tool's name, for people. */
  readonly title: string;
  /** Where the tool looks for it, below a project's root. */
  pathFor(name: string): string;
  /** Whether a file is of this format, by its absolute path and its text. */
  detect(file: string, text: string): boolean;
  read(file: string, text: string): Result<Imported, ReadProblem>;
  /** The error is one line on why the tool's own rules rule this persona out. */
  write(persona: Persona): Result<Exported, WriteProblem>;
}

export interface Imported {
  /** As the file states it, not yet checked against the schema. Its name may be missing. */
  readonly definition: Partial<PersonaFile>;
  /** What the file says that a persona has no place for. */
  readonly ignored: readonly { readonly field: string; readonly why: string }[];
}

export interface ReadProblem extends Partial<Position> {
  readonly message: string;
  readonly hint: string;
}

export interface WriteProblem {
  readonly message: string;
  readonly hint: string;
}

export interface Exported {
  readonly text: string;
  /** Fields that `read` gives back as they are. */
  readonly carried: readonly Field[];
  /**
   * Fields of the persona that it does not give back, or not wholly. In neither list are only those that it does not
   * have, or has as every definition has them that does not say otherwise.
   */
  readonly lost: readonly LostField[];
  /** Fields that it gives back though the persona does not have them: what is required, or follows from others. */
  readonly added: readonly Field[];
}

export type Field = Exclude<keyof PersonaFile, "name">;

export interface LostField {
  readonly field: Field;
  /** Which of its values; absent: all of it. */
  readonly values?: readonly string[];
  readonly why: string;
  /** Whether the instructions say it in words. */
  readonly isTold: boolean;
}

/** In the order in which reports tell them. */
export const FIELDS: readonly Field[] = [
  "displayName",
  "description",
  "icon",
  "tokenBudget",
  "allowedServers",
  "allowedTools",
  "restrictedPaths",
  "context",
  "security",
  "workflows",
  "budget",
  "capture",
];

/** What of it a format carries, once it knows for each field whether it does. */
export function account(
  persona: Persona,
  carries: readonly Field[],
  partly: readonly LostField[],
): Pick<Exported, "carried" | "lost"> {
  const byDefault = headOf({}, persona.name, persona.origin);
  const isDefault = (field: Field) =>
    (field === "displayName" || field === "icon") && persona[field] === byDefault[field];
  const present = FIELDS.filter((field) => persona[field] !== undefined && !isDefault(field));
  const lostPartly = (field: Field) => partly.find((one) => one.field === field);
  return {
    carried: present.filter((field) => carries.includes(field) && lostPartly(field) === undefined),
    lost: present.flatMap((field): LostField[] => {
      const known = lostPartly(field);
      if (known !== undefined) return [known];
      if (carries.includes(field)) return [];
      return [{ field, why: "the format has no place for it", isTold: TOLD.includes(field) }];
    }),
  };
}

/** What `instructionsFor` says in words. */
const TOLD: readonly Field[] = ["displayName", "description", "restrictedPaths", "context", "security"];
