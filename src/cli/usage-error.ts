import type { CommanderError } from "commander";
import { UserError } from "../core/errors.ts";
import { anyOf, quote } from "./printable.ts";

/** What the parser found wrong, in our form. Undefined where it only ends the program, after help. */
export function usageError(error: CommanderError, helpCommand: string): UserError | undefined {
  if (error.exitCode === 0) return undefined;
  // The parser would print help in place of an error.
  if (error.code === "commander.help") {
    return new UserError({
      reason: "missing-command",
      message: "Missing command.",
      hint: `See: ${helpCommand} --help`,
    });
  }
  const [first = "", ...more] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = /\(Did you mean (?:one of )?(.*)\?\)/.exec(more.join(" "))?.[1];
  // Of an option that is not known, its name: what it was given may be a secret.
  const text = first
    .replace(/'([^']*)'/g, (_, inner: string) => quote(inner.replace(/^(--?[\w-]+)=.*$/s, "$1")))
    .replace(/\.?$/, ".");
  return new UserError({
    reason: error.code.replace(/^commander\./, "").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    message: `${text.charAt(0).toUpperCase()}${text.slice(1)}`,
    hint: hintWith(suggestion === undefined ? [] : suggestion.split(", "), `See: ${helpCommand} --help`),
  });
}

/** `Did you mean a or b? See: …` */
export function hintWith(suggestions: readonly string[], fallback: string): string {
  return suggestions.length === 0 ? fallback : `Did you mean ${anyOf(suggestions)}? ${fallback}`;
}
