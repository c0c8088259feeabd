import { UserError } from "../core/errors.ts";
import { quote } from "./printable.ts";

/** @throws UserError `invalid-version`. */
export function parsePromptVersion(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UserError({
    reason: "invalid-version",
    message: `${quote(text)} is no version.`,
    hint: "It takes a whole number from 1 up.",
  });
}

/** As Langfuse has them, so that its own words need not be shown. */
export function assertLabels(labels: readonly string[]): void {
  for (const one of labels) {
    if (/^[a-z0-9_.-]{1,36}$/.test(one)) continue;
    throw new UserError({
      reason: "invalid-label",
      message: `${quote(one)} is no label.`,
      hint: "It takes up to 36 of a-z, 0-9, _, - and dots.",
    });
  }
}
