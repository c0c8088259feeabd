import { didYouMean } from "../core/did-you-mean.ts";
import { UserError } from "../core/errors.ts";
import type { Command } from "./command.ts";
import { quote } from "./printable.ts";
import { hintWith } from "./usage-error.ts";

/**
 * Refuses a word where only the name of a subcommand may stand. The parser alone would call it one argument too
 * many.
 */
export function assertSubcommand(command: Command, args: readonly string[]): void {
  const word = args[0];
  const names = (command.subcommands ?? []).map(({ name }) => name);
  if (names.length === 0 || command.arguments !== undefined) return;
  if (word === undefined || word.startsWith("-") || names.includes(word)) return;
  throw new UserError({
    reason: "unknown-command",
    message: `tta-persona ${command.name} has no command ${quote(word)}, but ${names.join(", ")}.`,
    hint: hintWith(didYouMean(word, names), `See: tta-persona ${command.name} --help`),
  });
}
