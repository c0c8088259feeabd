import { UserError } from "../core/errors.ts";
import { quote } from "./printable.ts";

/** The shells that code can be printed for, with what makes it for each. */
export type ForShells<Make> = Readonly<Record<"bash" | "zsh" | "fish", Make>>;

/** @param what there is for a shell. @throws UserError `unknown-shell`. */
export function forShell<Make>(makers: ForShells<Make>, shell: string, what: string): Make {
  if (Object.hasOwn(makers, shell)) return makers[shell as keyof ForShells<Make>];
  throw new UserError({
    reason: "unknown-shell",
    message: `There is ${what} for ${quote(shell)}.`,
    hint: "It takes bash, zsh or fish.",
  });
}

/** One word of bash or zsh, whatever it holds. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** One word of fish, whatever it holds. */
export function quoteForFish(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
