import { printable } from "../core/printable.ts";

export { printable, table, withoutCredentials } from "../core/printable.ts";

const MAX_SHOWN = 60;

/** What a user typed, in quotation marks, safe and short enough for a message. */
export function quote(input: string): string {
  const characters = [...input];
  const shown = characters.length > MAX_SHOWN ? `${characters.slice(0, MAX_SHOWN).join("")}…` : input;
  return `"${printable(shown)}"`;
}

/** `a`, `a or b`, `a, b or c` */
export function anyOf(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
