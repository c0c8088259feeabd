import { ExitCode } from "../core/errors.ts";
import type { MaskedKind } from "../core/mask.ts";
import type { ExplainedTexts } from "../llm/keep-texts.ts";
import type { CliContext } from "./context.ts";
import { recordContext } from "./llm-context.ts";
import type { ShowMaskedJson } from "./llm-shapes.ts";
import { count } from "./llm-text.ts";
import { table } from "./printable.ts";

const KINDS: Readonly<Record<MaskedKind, string>> = {
  "private-key": "private key",
  "known-value": "value of a secret variable or setting",
  "secret-shape": "secret, by its shape",
  "secret-name": "secret, by the name before it",
  email: "e-mail address",
  phone: "phone number",
  card: "card number",
  iban: "IBAN",
  pattern: "match of masking.patterns",
};

/**
 * Explains what would be hidden of calls before they are written down: kinds and counts, never the values. Nothing
 * is called or recorded.
 */
export async function showMasked(
  ctx: CliContext,
  calls: readonly { readonly persona: string; readonly texts: ExplainedTexts }[],
): Promise<number> {
  const { texts: keeper, captureOf } = await recordContext(ctx);
  const found = new Map<MaskedKind, number>();
  const captures = new Set<ShowMaskedJson["captures"][number]>();
  for (const { persona, texts } of calls) {
    captures.add(await captureOf(persona));
    for (const [kind, times] of keeper.explain(texts)) found.set(kind, (found.get(kind) ?? 0) + times);
  }
  const masked = [...found].map(([kind, times]) => ({ kind, times }));
  const document: ShowMaskedJson = {
    schema: "tta-persona/show-masked/1",
    captures: [...captures],
    personalData: ctx.settings.masking.personal,
    masked,
  };
  const rows = masked.map(({ kind, times }) => [`  ${count(times)}`, KINDS[kind]]);
  const lines = [
    masked.length === 0 ? "Nothing would be masked.\n" : `Would be masked:\n${table(rows)}`,
    ...[...captures].flatMap((capture) => (capture === "masked" ? [] : [`${CAPTURE_NOTES[capture]}\n`])),
    ctx.settings.masking.personal ? "" : "Personal data is not looked for: masking.personal is off.\n",
  ];
  ctx.output.answer(document, lines.join(""));
  return ExitCode.done;
}

const CAPTURE_NOTES = {
  full: "With capture full, only values of secret variables and settings are: the rest stays in prompt and response.",
  metadata: "With capture metadata, neither prompt nor response is kept.",
  none: "With capture none, no prompt, response or metadata is kept.",
} as const;
