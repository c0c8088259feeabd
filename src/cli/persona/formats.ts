import { didYouMean } from "../../core/did-you-mean.ts";
import { UserError } from "../../core/errors.ts";
import type { PersonaFormat } from "../../persona/formats/format.ts";
import { personaFormats } from "../../persona/formats/formats.ts";
import { quote } from "../printable.ts";
import { hintWith } from "../usage-error.ts";

export const formatIds: readonly string[] = personaFormats.map(({ id }) => id);

/** @throws UserError `unknown-format`. */
export function findFormat(id: string): PersonaFormat {
  const format = personaFormats.find((one) => one.id === id.toLowerCase());
  if (format !== undefined) return format;
  throw new UserError({
    reason: "unknown-format",
    message: `There is no format ${quote(id)}.`,
    hint: hintWith(didYouMean(id, formatIds), `There are ${formatIds.join(", ")}.`),
  });
}
