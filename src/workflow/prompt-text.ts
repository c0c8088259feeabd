import { err, ok, type Result } from "../core/result.ts";
import type { ValueRef } from "./definition.ts";

/**
 * A prompt's variables: `{{parameters.<name>}}` and `{{outputs.<stage>.<key>}}`, with or without blanks inside. They
 * are replaced in one pass, so nothing within a value is ever taken for a variable. Other braces stay as they are.
 */
const VARIABLE = /\{\{[ \t]*([A-Za-z_][\w.-]*)[ \t]*\}\}/g;

export interface Variable {
  readonly name: string;
  /** Where its braces begin in the text. */
  readonly index: number;
  /** Undefined for one that is neither a parameter nor an output. */
  readonly ref: ValueRef | undefined;
}

export function variablesIn(text: string): readonly Variable[] {
  return [...text.matchAll(VARIABLE)].map(({ 1: name = "", index }) => ({ name, index, ref: refOf(name) }));
}

/**
 * The text with its variables replaced.
 *
 * @param resolve the value of a name; a failure ends it.
 */
export function fillPrompt<E>(text: string, resolve: (name: string) => Result<string, E>): Result<string, E> {
  const parts: string[] = [];
  let from = 0;
  for (const { 0: whole, 1: name = "", index } of text.matchAll(VARIABLE)) {
    const value = resolve(name);
    if (!value.ok) return err(value.error);
    parts.push(text.slice(from, index), value.value);
    from = index + whole.length;
  }
  return ok(parts.join("") + text.slice(from));
}

export function refOf(name: string): ValueRef | undefined {
  const [kind, first, second, ...rest] = name.split(".");
  if (first === undefined || first === "" || rest.length > 0) return undefined;
  if (kind === "parameters" && second === undefined) return { parameter: first };
  if (kind !== "outputs" || second === undefined || second === "") return undefined;
  return { output: { stage: first, key: second } };
}
