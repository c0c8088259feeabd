/** A model, and who is asked for it. */
export interface ModelName {
  /** Absent where nobody said. */
  readonly provider?: string;
  readonly model: string;
}

/** Longer ones are nobody's, and each is a label of the metrics. */
const MAX_LENGTH = 200;

/**
 * `openai/gpt-4o`: up to the first slash stands the provider. Where the provider is given apart, all of it is the
 * model's, slashes too.
 *
 * @returns undefined for what cannot be a name: empty, too long, or with blanks or control characters in it.
 */
export function parseModelName(text: string, provider?: string): ModelName | undefined {
  if (provider !== undefined) {
    return isName(text) && isName(provider) ? { provider, model: text } : undefined;
  }
  const slash = text.indexOf("/");
  if (slash === -1) return isName(text) ? { model: text } : undefined;
  return parseModelName(text.slice(slash + 1), text.slice(0, slash));
}

function isName(text: string): boolean {
  return text.length <= MAX_LENGTH && /^[!-~\u00a1-\uffff]+$/.test(text);
}
