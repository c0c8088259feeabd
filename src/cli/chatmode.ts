import { UserError } from "../core/errors.ts";
import { quote } from "./printable.ts";

/** @throws UserError: it becomes a label value, so it is as plain and as short as a persona's name. */
export function assertChatmode(text: string): void {
  if (text.length <= 64 && /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(text)) return;
  throw new UserError({
    reason: "invalid-chatmode",
    message: `${quote(text)} cannot be a chatmode.`,
    hint: "Chatmodes are kebab-case, at most 64 letters: test-driven",
  });
}
