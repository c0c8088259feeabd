import { commandNames } from "../core/command-names.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import { UserError } from "../core/errors.ts";
import { loadCatalogue, resolveInCatalogue } from "../persona/catalogue.ts";
import type { CliContext } from "./context.ts";
import { personaPlaces } from "./find-persona.ts";
import { quote } from "./printable.ts";
import { hintWith } from "./usage-error.ts";

/** Refuses a first word that is neither a command nor a persona, before anything after it is looked at. */
export function assertPersona(word: string, ctx: CliContext): void {
  if (word === "-") return;
  const resolution = resolveInCatalogue(word, loadCatalogue(personaPlaces(ctx)));
  if (resolution.kind !== "unknown") return;
  const options = word === "version" ? ["--version"] : [];
  const suggestions = [...options, ...didYouMean(word, commandNames), ...resolution.suggestions].slice(0, 3);
  throw new UserError({
    reason: "unknown-command",
    message: `${quote(word)} is neither a command nor a persona.`,
    hint: hintWith(suggestions, "See: tta-persona --help, tta-persona list"),
  });
}
