import type { Capture } from "../core/capture.ts";
import { createMasker, type MaskedKind, type Masker, type MaskerOptions } from "../core/mask.ts";
import { MASK } from "../core/mask-text.ts";
import { isSecretName } from "../core/secret-names.ts";
import { patternOfValues } from "../core/secret-values.ts";
import type { Message } from "./message.ts";

/** Of one prompt or response, the rest is cut off. Bytes of UTF-8. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Masked along with what is kept, and cut off then: a secret that reaches beyond is not cut in two. */
const MARGIN = 64 * 1024;

/** So that a fact stays small, whatever callers put there. */
export const MAX_METADATA = { entries: 32, valueLength: 500 } as const;

/** What a persona's `capture` leaves of a call's texts; nothing in it has secrets any more. */
export interface KeptTexts {
  readonly input?: KeptText;
  readonly output?: KeptText;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface KeptText {
  readonly text: string;
  readonly isCut: boolean;
}

export interface CallTexts {
  readonly input?: string | readonly Message[];
  readonly output?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** All of a call that may hold a secret. */
export interface ExplainedTexts extends CallTexts {
  readonly taskType?: string;
  readonly error?: { readonly message: string };
}

export interface TextKeeper {
  keep(texts: CallTexts, capture: Capture): KeptTexts;
  /** A short text that is kept whatever `capture` says, such as an error's message. */
  short(text: string, length: number): string;
  /** What `masked` would take out of a call's texts, by kind and how often. */
  explain(texts: ExplainedTexts): ReadonlyMap<MaskedKind, number>;
}

type Hide = (text: string) => string;

/** @param masking of which `secretValues` must not be seen anywhere, not even with `full`. */
export function createTextKeeper(masking: MaskerOptions): TextKeeper {
  const masker = createMasker(masking);
  const values = patternOfValues(masking.secretValues);
  const hideValues: Hide = (text) => (values === undefined ? text : text.replace(values, MASK));
  return {
    keep({ input, output, metadata }, capture) {
      if (capture === "none") return {};
      const hide = capture === "full" ? hideValues : masker.text;
      const withMetadata = metadata === undefined ? {} : { metadata: keepMetadata(metadata, hide, capture) };
      if (capture === "metadata") return withMetadata;
      return {
        ...(input === undefined ? {} : { input: keepInput(input, hide) }),
        ...(output === undefined ? {} : { output: keepText(output, hide) }),
        ...withMetadata,
      };
    },
    explain: (texts) => explainTexts(texts, masker),
    short: (text, length) => cutText(masker.text(text.slice(0, length + MARGIN)), length),
  };
}

/** Messages become JSON, as OpenAI's `messages` are. */
function keepInput(input: string | readonly Message[], hide: Hide): KeptText {
  if (typeof input === "string") return keepText(input, hide);
  let isCut = false;
  const messages = input.map(({ role, content }) => {
    const kept = keepText(content, hide);
    isCut ||= kept.isCut;
    return { role, content: kept.text };
  });
  const whole = cutBytes(JSON.stringify(messages));
  return { text: whole.text, isCut: isCut || whole.isCut };
}

function keepText(text: string, hide: Hide): KeptText {
  const taken = text.slice(0, MAX_BODY_BYTES + MARGIN);
  const hidden = hide(taken);
  if (taken.length === text.length) return cutBytes(hidden);
  return { text: cutBytes(hidden.slice(0, -MARGIN)).text, isCut: true };
}

function cutBytes(text: string): KeptText {
  // No character takes more than three bytes per UTF-16 unit.
  if (text.length * 3 <= MAX_BODY_BYTES) return { text, isCut: false };
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_BODY_BYTES) return { text, isCut: false };
  let end = MAX_BODY_BYTES;
  // Not within a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return { text: bytes.toString("utf8", 0, end), isCut: true };
}

function keepMetadata(metadata: Readonly<Record<string, string>>, hide: Hide, capture: Capture) {
  const entries = Object.entries(metadata).slice(0, MAX_METADATA.entries);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      cutText(hide(name), 100),
      capture !== "full" && isSecretName(name) ? MASK : cutText(hide(value), MAX_METADATA.valueLength),
    ]),
  );
}

function explainTexts(
  { input = "", output = "", metadata = {}, taskType = "", error }: ExplainedTexts,
  { explain }: Masker,
): ReadonlyMap<MaskedKind, number> {
  const found = new Map<MaskedKind, number>();
  const add = (kind: MaskedKind, times: number) => found.set(kind, (found.get(kind) ?? 0) + times);
  const prompts = typeof input === "string" ? [input] : input.map(({ content }) => content);
  const texts = [...prompts, output, taskType, error?.message ?? ""];
  for (const [name, value] of Object.entries(metadata)) {
    if (isSecretName(name)) add("secret-name", 1);
    else texts.push(value);
    texts.push(name);
  }
  for (const text of texts) for (const [kind, times] of explain(text)) add(kind, times);
  return found;
}

function cutText(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
