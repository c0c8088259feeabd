import { parseDuration } from "../core/duration.ts";
import { UserError } from "../core/errors.ts";
import { type Invocation, optionList, optionText } from "./command.ts";
import { quote } from "./printable.ts";

/**
 * The number that an option takes, from 0 up.
 *
 * @param option as it is typed, without dashes.
 * @throws UserError `invalid-number`.
 */
export function optionNumber(invocation: Invocation, option: string, isWhole: boolean): number | undefined {
  const text = optionText(
    invocation,
    option.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  );
  if (text === undefined) return undefined;
  const value = /^\d{1,15}(?:\.\d{1,15})?(?:e-\d{1,2})?$/.test(text) ? Number(text) : Number.NaN;
  if (isWhole ? Number.isSafeInteger(value) : Number.isFinite(value)) return value;
  throw new UserError({
    reason: "invalid-number",
    message: `--${option} cannot be ${quote(text)}.`,
    hint: `It takes a ${isWhole ? "whole number" : "number"} from 0 up.`,
  });
}

/**
 * `--since` and `--until`: a duration before now, a day in the local time zone (its end, for `until`), or a moment.
 * Milliseconds since the epoch.
 *
 * @throws UserError `invalid-since`, `invalid-until`.
 */
export function optionMoment(
  invocation: Invocation,
  option: "since" | "until",
  now: number,
): number | undefined {
  const text = optionText(invocation, option);
  if (text === undefined) return undefined;
  const duration = parseDuration(text);
  if (duration !== undefined) return now - duration;
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isMoment = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text);
  const time = option === "until" ? "23:59:59.999" : "00:00:00";
  const moment = isDay ? Date.parse(`${text}T${time}`) : isMoment ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(moment)) return moment;
  throw new UserError({
    reason: `invalid-${option}`,
    message: `${quote(text)} is neither a duration nor a date.`,
    hint: "It takes 2h, 3d, 2026-11-24 or 2026-11-24T08:00:00Z.",
  });
}

/** `--limit`. @throws UserError `invalid-limit`. */
export function optionLimit(invocation: Invocation): number | undefined {
  const text = optionText(invocation, "limit");
  if (text === undefined) return undefined;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit > 0) return limit;
  throw new UserError({
    reason: "invalid-limit",
    message: `${quote(text)} is no limit.`,
    hint: "It takes a whole number above 0.",
  });
}

/** `--metadata k=v`, as often as there is something to say. @throws UserError `invalid-metadata`. */
export function optionPairs(invocation: Invocation, name: string): Record<string, string> | undefined {
  const pairs = optionList(invocation, name).map((pair): [string, string] => {
    const at = pair.indexOf("=");
    if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
    throw new UserError({
      reason: `invalid-${name}`,
      message: `--${name} takes key=value.`,
      hint: `Write for instance --${name} ticket=ABC-12`,
    });
  });
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}
