import { err, ok, type Result } from "../core/result.ts";
import { fieldName } from "../core/schema-problem.ts";
import { type PersonaFile, personaFileSchema } from "./schema.ts";

/**
 * A definition that some other source made up, checked and with its fields in the usual order.
 *
 * @returns or what is wrong with it, on one line.
 */
export function checkDefinition(value: unknown): Result<PersonaFile, string> {
  const parsed = personaFileSchema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).map((step) => (typeof step === "symbol" ? String(step) : step));
  return err(`${fieldName(path)}: ${issue?.message ?? "not valid"}`);
}

/** As it stands in a file. */
export function definitionText(definition: PersonaFile): string {
  return `${JSON.stringify(definition, null, 2)}\n`;
}
