import * as z from "zod";
import { LONGEST_TIMER_MS, parseDuration } from "../core/duration.ts";
import { withHint } from "../core/schema-problem.ts";
import { MAX_NAME_LENGTH } from "./names.ts";

/** Of any number of lines. */
export const text = z
  .string()
  .regex(/\S/, withHint("expected text", "Write something there, or remove the field."))
  .refine((value) => !value.includes("\0"), withHint("expected text without NUL", "Remove that character."));

export const oneLine = text.refine(
  (value) => !/\p{Cc}/u.test(value),
  withHint("expected text on one line, without control characters", "Write it on one line."),
);

/** Kept as the text that is written: see `Source.written`. */
export const scalar = z
  .union([z.string(), z.number(), z.boolean()])
  .refine((value) => !String(value).includes("\0"), withHint("expected text without NUL", "Remove it."));

export function named(form: RegExp, what: string, example: string, longest = MAX_NAME_LENGTH) {
  return z
    .string()
    .max(longest, withHint(`expected at most ${longest} letters`, "Shorten it."))
    .regex(form, withHint(`expected a ${what}`, `Write it like ${example}.`));
}

/** @param least the shortest that makes sense, such as `0s` */
export function duration(least: "0s" | "1ms") {
  const leastMs = parseDuration(least) ?? 0;
  return z
    .string()
    .regex(/^(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+$/, withHint("expected a duration", EXAMPLES))
    .refine(
      (value) => {
        const ms = parseDuration(value);
        return ms === undefined || (ms >= leastMs && ms <= LONGEST_TIMER_MS);
      },
      withHint(`expected a duration between ${least} and 24d`, EXAMPLES),
    );
}

const EXAMPLES = "Write for instance 500ms, 30s, 10m or 1h30m.";
